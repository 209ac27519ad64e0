import type { Digest } from "../../oci/digest.ts";
import type { DebianPackage, Inventory, LanguagePackage } from "../inventory/inventory.ts";
import { debPurl, npmPurl } from "../inventory/purl.ts";
import type { Advisories, Finding, ScanSource } from "./finding.ts";

export const testDigest = `sha256:${"ab".repeat(32)}` as Digest;

type Deb = Partial<DebianPackage> & { readonly name: string; readonly version: string };

/** An amd64 bookworm with these packages. */
export function makeInventory(debian: readonly Deb[], more: Partial<Inventory> = {}): Inventory {
  return {
    image: testDigest,
    architecture: "amd64",
    os: { id: "debian", versionId: "12", codename: "bookworm", prettyName: "Debian GNU/Linux 12 (bookworm)" },
    debian: debian.map(makePackage),
    language: [],
    unowned: [],
    notes: [],
    ...more,
  };
}

function makePackage(given: Deb): DebianPackage {
  const { name, version, architecture = "amd64", source = name, sourceVersion = version } = given;
  return {
    maintainer: "A Person <person@example.org>",
    licences: [],
    purl: debPurl({ name, version, architecture, source, sourceVersion, os: "debian", codename: "bookworm" }),
    files: [],
    ...given,
    architecture,
    source,
    sourceVersion,
  };
}

export function npmPackage(name: string, version: string, more: Partial<LanguagePackage> = {}): LanguagePackage {
  return { ecosystem: "npm", name, version, purl: npmPurl(name, version), path: `srv/${name}/package.json`, ...more };
}

type Given = Omit<Partial<Finding>, "package"> & { readonly package?: Partial<Finding["package"]> };

/** Something that is open in openssl 3.0.11-1, unless said otherwise. */
export function makeFinding({ package: found, ...given }: Given = {}): Finding {
  return {
    id: "CVE-2024-1000",
    aliases: [],
    state: "open",
    severity: "unknown",
    evidence: [],
    ...given,
    package: {
      ecosystem: "deb",
      name: "openssl",
      version: "3.0.11-1",
      binaries: ["libssl3=3.0.11-1", "openssl=3.0.11-1"],
      ...found,
    },
  };
}

export function makeSource(kind: ScanSource["kind"], name: string = kind): ScanSource {
  return { name, kind, date: "2026-11-20T00:00:00Z", digest: "0".repeat(64) };
}

export function makeAdvisories(kind: ScanSource["kind"], findings: readonly Finding[]): Advisories {
  return { source: makeSource(kind), covers: () => true, find: () => Promise.resolve(findings) };
}
