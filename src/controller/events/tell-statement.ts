import { formatSeconds } from "../../ground/format-timestamp.ts";
import { shortDigest } from "../../oci/digest.ts";
import type { EventData } from "./events.ts";

/** That somebody brought a statement that counts, and what it says. Who brings their own approval approves. */
export function tellStatement(
  { repository, subject, kind, principal, facts }: EventData["statement.accepted"],
  actor: string,
): string {
  const image = `${repository}@${shortDigest(subject)}`;
  if (facts.kind !== "approval") {
    const by = principal === actor ? "" : ` by ${principal}`;
    return `brought ${sayKind(kind)}${by} of ${image}, which counts${sayResult(facts)}`;
  }
  const verb = facts.verdict === "approve" ? "approved" : "REJECTED";
  const who = principal === actor ? verb : `brought the word of ${principal}, who ${verb}`;
  const until = facts.verdict === "approve" ? ` until ${formatSeconds(facts.expires)}` : "";
  return `${who} ${image} for ${facts.environment}${until}${facts.reason === "" ? "" : `: ${facts.reason}`}`;
}

const kinds: Readonly<Record<string, string>> = {
  signature: "a signature",
  provenance: "provenance",
  cyclonedx: "a bill of materials (CycloneDX)",
  spdx: "a bill of materials (SPDX)",
  scan: "a scan",
  vex: "exceptions (VEX)",
  tests: "a result of the tests",
  rebuild: "a rebuild",
  verdict: "a verdict",
  approval: "an approval",
};

/** With its article: `a scan`. */
export function sayKind(kind: string): string {
  return Object.hasOwn(kinds, kind) ? (kinds[kind] ?? kind) : `a statement (${kind})`;
}

function sayResult(facts: EventData["statement.accepted"]["facts"]): string {
  if (facts.kind === "tests") return facts.passed ? ": passed" : `: FAILED ${facts.failed.join(", ")}`;
  return facts.kind === "none" && facts.no !== undefined ? `: ${facts.no}` : "";
}
