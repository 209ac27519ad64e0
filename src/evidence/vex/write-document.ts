import { hash } from "node:crypto";
import { canonicalJson } from "../../oci/canonical-json.ts";
import { debSourcePurl, languagePurl } from "../inventory/purl.ts";
import type { Finding, ScanResult } from "../scan/finding.ts";
import { isSuppressed } from "../scan/suppressed.ts";

export type VexAuthor = { readonly author: string; readonly role?: string };

/**
 * An OpenVEX 0.2.0 document of all findings that count, as a start for a person: what has a fix is `affected` with the action to take, everything else is
 * `under_investigation`. It says nothing that a person must answer for, so it names no expiry and suppresses nothing.
 */
export function writeVexDocument(result: ScanResult, { author, role }: VexAuthor): object {
  const findings = result.findings.filter((finding) => !isSuppressed(finding));
  const statements = findings.map((finding) => writeStatement(finding, result));
  const id = hash("sha256", canonicalJson({ image: result.image, scanned: result.scanned, author, statements }), "hex");
  return {
    "@context": "https://openvex.dev/ns/v0.2.0",
    "@id": `https://ingot.dev/vex/${id}`,
    author,
    ...(role === undefined ? {} : { role }),
    timestamp: result.scanned,
    version: 1,
    tooling: "ingot scan",
    statements,
  };
}

function writeStatement(finding: Finding, result: ScanResult): object {
  const aliases = finding.aliases.filter((alias) => alias !== finding.id);
  return {
    vulnerability: { name: finding.id, ...(aliases.length === 0 ? {} : { aliases }) },
    products: [writeProduct(finding, result)],
    ...writeStatus(finding),
  };
}

function writeStatus({ state, fixedVersion, package: { name } }: Finding): object {
  if (state !== "fixed") return { status: "under_investigation", status_notes: `state of the fix: ${state}` };
  const version = fixedVersion === undefined ? "the version with the fix" : fixedVersion;
  return {
    status: "affected",
    action_statement: `Update ${name} to ${version}: ingot lock --update --security, then ingot build`,
  };
}

/**
 * The image by its name, so that what a person answers for still holds for the next build, as long as that has the same version of the package; by its digest
 * where it has no name.
 */
function writeProduct({ package: found }: Finding, { image, name }: ScanResult): object {
  const subcomponents = [{ "@id": packagePurl(found) }];
  const hex = image.replace(/^sha256:/, "");
  if (name === undefined) {
    return { "@id": `pkg:oci/${hex.slice(0, 12)}@sha256%3A${hex}`, hashes: { "sha-256": hex }, subcomponents };
  }
  // `registry.example:5000/shop/web:1`: without its tag or digest.
  const repository = name.replace(/@.*$/, "").replace(/:[^/:]*$/, "");
  const short = repository.split("/").at(-1) ?? repository;
  const id = `pkg:oci/${encodeURIComponent(short)}?repository_url=${encodeURIComponent(repository)}`;
  return { "@id": id, subcomponents };
}

/** The source package for `deb`: what a finding is about. */
export function packagePurl({ ecosystem, name, version }: Finding["package"]): string {
  return ecosystem === "deb" ? debSourcePurl(name, version) : languagePurl({ ecosystem, name, version });
}
