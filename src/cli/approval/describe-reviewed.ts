import { statementKinds } from "../../evidence/evidence.ts";
import type { DescribedImage, DescribedStatement } from "../../controller/verbs/describe-image.ts";
import type { ImageFacts, ScanFacts } from "../../policy/policy.ts";
import { shortDigest } from "../../oci/digest.ts";
import { formatColumns, formatTime } from "../format.ts";
import { oneLine } from "../release/one-line.ts";
import { formatSeconds } from "../../ground/format-timestamp.ts";
import { describeMakers } from "../policy/describe-makers.ts";
import { describeMissing } from "../policy/describe-missing.ts";

/** What a person is shown before they sign: the image, what is proven of it, what others said, and what is still missing. */
export function describeReviewed(image: DescribedImage, environment: string): readonly string[] {
  const { facts } = image;
  const there = image.environments.find((one) => one.environment === environment)?.decision;
  const rest = there?.missing.filter(({ policy }) => policy !== "approvals") ?? [];
  return [
    `${image.repository}${image.tags.length === 0 ? "" : `:${image.tags.join(",")}`}  ${image.image}`,
    ...describeMakers(facts),
    ...formatColumns(standing(image).map(describeStatement)),
    ...describeFacts(facts),
    ...facts.approvals
      .filter((one) => one.environment === environment)
      .map(({ by, verdict, expires, reason }) =>
        verdict === "reject"
          ? `rejected by ${by}${reason === undefined ? "" : `: ${oneLine(reason)}`}`
          : `approved by ${by} until ${formatSeconds(expires)}`,
      ),
    ...facts.revocations.map(({ event, what, reason }) => `REVOKED (#${event}): ${oneLine(what)}: ${oneLine(reason)}`),
    ...new Set(facts.uncounted.map(({ kind, reason }) => `does not count: ${kind}: ${oneLine(reason)}`)),
    ...(rest.length === 0 ? [] : [`beside approvals, ${environment} still lacks:`, ...describeMissing(rest)]),
  ];
}

/** Statements that count today, in the order of an image's life: what an approval names as reviewed. */
export function standing({ statements }: DescribedImage): readonly DescribedStatement[] {
  const order: readonly string[] = Object.keys(statementKinds);
  return statements
    .filter(({ fallen, kind }) => fallen === undefined && kind !== "approval")
    .toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
}

function describeStatement({ kind, by, role, made, manifest }: DescribedStatement): readonly string[] {
  return [kind, `${role} ${by}`, made === undefined ? "" : formatTime(made), shortDigest(manifest)];
}

function describeFacts({ scan, tests }: ImageFacts): readonly string[] {
  const tested =
    tests === undefined ? [] : [tests.passed ? "tests passed" : `tests FAILED: ${tests.failed.join(", ")}`];
  return [...(scan === undefined ? [] : [describeScan(scan)]), ...tested];
}

function describeScan({ finished, exploited, fixable, gaps }: ScanFacts): string {
  const found = [
    ...(exploited.length === 0 ? [] : [`known to be exploited: ${exploited.slice(0, 5).join(", ")}`]),
    `${fixable.length} high, critical or unrated findings have a fix`,
    ...(gaps === 0 ? [] : [`nothing is known about ${gaps} packages`]),
  ];
  return `scanned ${formatSeconds(finished)}: ${found.join("; ")}`;
}
