import { hash } from "node:crypto";
import { canonicalJson } from "../../oci/canonical-json.ts";
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

function writeProduct({ package: found }: Finding, { image, name }: ScanResult): object {
  const hex = image.replace(/^sha256:/, "");
  return {
    "@id": `pkg:oci/${encodeURIComponent(shortName(name) ?? hex.slice(0, 12))}@sha256%3A${hex}`,
    hashes: { "sha-256": hex },
    subcomponents: [{ "@id": packagePurl(found) }],
  };
}

/** `registry.example:5000/shop/web:1` → `web`. */
function shortName(name: string | undefined): string | undefined {
  const last = name?.split("/").at(-1)?.split(/[:@]/)[0];
  return last === undefined || last === "" ? undefined : last;
}

/** The source package for `deb`: what a finding is about. */
export function packagePurl({ ecosystem, name, version }: Finding["package"]): string {
  const path = name.split("/").map(encodeURIComponent).join("/");
  const at = `@${encodeURIComponent(version)}`;
  return ecosystem === "deb" ? `pkg:deb/debian/${path}${at}?arch=source` : `pkg:${ecosystem}/${path}${at}`;
}
