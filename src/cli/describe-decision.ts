import { shortId } from "../evidence/keys/key-folder.ts";
import { showType } from "../evidence/statement/statement.ts";
import type { ContentCheck } from "../evidence/verify/check-content.ts";
import type { Decision, Missing, Proven, Unused } from "../evidence/verify/decide.ts";
import { shortDigest } from "../oci/digest.ts";
import { formatTime } from "./format.ts";
import { listSection } from "./list-section.ts";
import type { OpenedImage } from "./open-image.ts";

/** What `ingot verify` says to a person; `text`: the image as it was asked for. */
export function describeDecision(
  { name, image, text }: OpenedImage & { readonly text: string },
  content: ContentCheck,
  decision: Decision,
): string {
  const { proven, missing } = decision;
  const [negative, refused, untrusted] = [decision.negative, decision.refused, decision.untrusted].map((unused) =>
    unused.filter((one) => !isTold(one, missing)).map(describeUnused),
  );
  const whole = `content: ${content.blobs} blobs, ${content.layers} of them layers, are what their digests say`;
  const isVerified = missing.length === 0 && content.damage.length === 0;
  return [
    `${name}  ${image.digest}  ${isVerified ? "verified" : "NOT verified"}`,
    ...section("proven", [...(content.damage.length === 0 ? [whole] : []), ...proven.map(describeProven)]),
    ...section("damaged", content.damage),
    ...section(
      "missing",
      missing.flatMap((one) => describeMissing(one, text)),
    ),
    ...section("does not count", negative),
    ...section("refused", refused),
    ...section("not by a trusted key", untrusted),
  ].join("\n");
}

/** Whether the reason stands under what is missing already. */
function isTold({ kind, reason }: Unused, missing: readonly Missing[]): boolean {
  return missing.some(
    ({ requirement, reasons }) =>
      (requirement === "sbom" ? kind === "cyclonedx" || kind === "spdx" : kind === requirement) &&
      reasons.includes(reason),
  );
}

function section(title: string, lines: readonly string[] = []): readonly string[] {
  return listSection(title, lines, (shown) => shown);
}

function describeProven({ kind, predicateType, key, when }: Proven): string {
  const what = kind === "other" ? showType(predicateType) : kind;
  return `${what}: ${key.role} ${shortId(key.id)} (${key.from})${when === undefined ? "" : `, ${formatTime(when)}`}`;
}

function describeMissing(missing: Missing, text: string): readonly string[] {
  const reasons = missing.reasons.map((reason) => `  ${reason}`);
  return [`${missing.requirement}; next: ${supplyCommand(missing, text)}`, ...reasons];
}

function describeUnused({ kind, predicateType, manifest, reason }: Unused): string {
  const what = kind === "other" ? showType(predicateType) : kind;
  return `${what} ${shortDigest(manifest)}: ${reason}`;
}

/** The next command for what is missing. */
export function supplyCommand({ requirement: name }: Missing, image: string): string {
  switch (name) {
    case "provenance":
    case "sbom":
    case "cyclonedx":
    case "spdx":
    case "signature":
      return "ingot build, with a builder's key (ingot key generate builder)";
    case "scan":
      return `ingot scan ${image}`;
    case "tests":
      return `ingot test ${image}`;
    case "rebuild":
      return `ingot rebuild ${image}`;
    case "approval":
      return `ingot approve ${image} --for ENVIRONMENT`;
    case "vex":
    case "verdict":
      return `ingot attest ${image} --type ${name} --predicate FILE`;
  }
}
