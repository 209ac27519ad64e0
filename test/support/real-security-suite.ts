import assert from "node:assert/strict";
import { readAptSources } from "../../src/debian/archive/apt-sources.ts";
import { planArchives } from "../../src/debian/archive/mirror.ts";
import { readSuites } from "../../src/debian/archive/read-suites.ts";
import { isCode } from "../../src/debian/archive/retry.ts";
import { compareVersions } from "../../src/debian/resolve/version.ts";
import { findSourceBinaries, type SourceBinary } from "../../src/debian/security/source-versions.ts";
import type { SuiteIndex } from "../../src/debian/suite.ts";
import type { Finding, InstalledSource } from "../../src/evidence/scan/finding.ts";
import { openSecuritySuite } from "../../src/evidence/scan/security-suite.ts";
import { processContext } from "../../src/ground/context.ts";
import { testCache } from "./test-cache.ts";

/** Lists and packages of the host's real mirror, kept in the shared test cache. */
export const ctx = processContext({ home: testCache("archive") });
const release = { release: "bookworm", architecture: "amd64" };
export const suites = await readHostSuites();
export const skip = suites === undefined ? "needs a Debian mirror: no apt source and no INGOT_DEBIAN_MIRROR" : false;
async function readHostSuites(): Promise<readonly SuiteIndex[] | undefined> {
  try {
    return await readSuites(ctx, planArchives({ ...release, env: ctx.env, hostSources: readAptSources() }));
  } catch (error) {
    if (isCode(error, ["mirror-unknown"])) return undefined;
    throw error;
  }
}

export function suiteNamed(name: string): SuiteIndex {
  const found = suites?.find(({ suite }) => suite.suite === name);
  assert.ok(found, name);
  return found;
}

export const installedOf = (name: string, version: string): InstalledSource => ({
  ecosystem: "deb",
  name,
  version,
  binaries: [],
  release: release.release,
});

export async function find(installed: readonly InstalledSource[]): Promise<readonly Finding[]> {
  const suite = await openSecuritySuite(ctx, release);
  assert.ok(suite);
  return suite.find(installed);
}

export const cvesOf = (findings: readonly Finding[], source: string) =>
  findings
    .filter((finding) => finding.package.name === source && finding.id.startsWith("CVE-"))
    .map(({ id }) => id)
    .toSorted();

export type Fixed = { readonly name: string; readonly from: string; readonly binaries: readonly SourceBinary[] };

/** Hundreds of CVEs each in changelogs of megabytes: nothing is learnt of them that smaller ones do not show. */
const huge = /^(linux|firefox|thunderbird|chromium)/;

/** Sources that the security suite has newer than the release, those with the smallest packages. */
export function fixedSources(count: number): readonly Fixed[] {
  const names = new Set([...sourceNames(suiteNamed("bookworm-security"))].filter((name) => !huge.test(name)));
  const old = findSourceBinaries(suiteNamed("bookworm"), names);
  const found = [...findSourceBinaries(suiteNamed("bookworm-security"), names)].flatMap(([name, all]): Fixed[] => {
    const from = old.get(name)?.[0]?.sourceVersion;
    const to = all[0]?.sourceVersion;
    if (from === undefined || to === undefined || compareVersions(from, to) >= 0) return [];
    return [{ name, from, binaries: all.filter(({ sourceVersion }) => sourceVersion === to) }];
  });
  const sizeOf = ({ binaries }: Fixed) => Math.max(...binaries.slice(0, 4).map(({ size }) => size));
  return found.toSorted((a, b) => sizeOf(a) - sizeOf(b)).slice(0, count);
}

export function sourceNames(index: SuiteIndex): ReadonlySet<string> {
  const text = index.packages.map((bytes) => bytes.toString("latin1")).join("\n");
  const stanzas = text.split("\n\n");
  return new Set(
    stanzas.flatMap((stanza) => /^Source: (\S+)/m.exec(stanza)?.[1] ?? /^Package: (\S+)/m.exec(stanza)?.[1] ?? []),
  );
}
