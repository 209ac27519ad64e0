import type { StatementKind } from "../../evidence/evidence.ts";
import type { ImageFacts, ScanFacts } from "../policy.ts";
import type { WrittenImage } from "./case-schema.ts";

type Where = { readonly environment: string; readonly now: number; readonly repository: string };

/** The facts that a case gives in short. */
export function toImageFacts(written: WrittenImage, where: Where): ImageFacts {
  const { scan, tests } = written;
  return {
    digest: `sha256:${"0123456789abcdef".repeat(4)}`,
    repositories: written.repositories ?? [where.repository],
    statements: toStatements(written.statements ?? []),
    authors: written.authors ?? [],
    ...(scan === undefined || scan === null ? {} : { scan: toScan(scan, where.now) }),
    ...(tests === undefined || tests === null ? {} : { tests: toTests(tests, where.now) }),
    approvals: (written.approvals ?? []).map((one) => toApproval(one, where)),
    revocations: typeof written.revoked === "string" ? [{ event: 1, what: written.revoked, reason: "a case" }] : [],
    releases: written.released === true ? [where.environment] : [],
    uncounted: Object.entries(written.uncounted ?? {}).map(([kind, reason]) => ({ kind, reason })),
  };
}

/** A list says nothing of who made them: the CI did. */
function toStatements(written: NonNullable<WrittenImage["statements"]>): ImageFacts["statements"] {
  if (Array.isArray(written)) return written.map((kind) => ({ kind, by: ["workload:ci"] }));
  return Object.entries(written).map(([kind, by]) => ({ kind: kind as StatementKind, by: by ?? [] }));
}

function toScan(written: NonNullable<WrittenImage["scan"]>, now: number): ScanFacts {
  const fixable = (["critical", "high", "unrated"] as const).flatMap((severity) =>
    written[severity].map((age, index) => ({
      id: `CVE-2026-${severity}-${index + 1}`,
      severity: severity === "unrated" ? ("unknown" as const) : severity,
      since: age === "unknown" ? 0 : now - toSeconds(age),
    })),
  );
  return { finished: now - toSeconds(written.age), gaps: written.gaps, exploited: written.exploited, fixable };
}

function toTests(written: NonNullable<WrittenImage["tests"]>, now: number): NonNullable<ImageFacts["tests"]> {
  if (typeof written === "string") return { passed: written === "passed", failed: [], finished: now };
  return { passed: written.passed, failed: written.failed, finished: now - toSeconds(written.age) };
}

function toApproval(
  written: NonNullable<WrittenImage["approvals"]>[number],
  { environment, now }: Where,
): ImageFacts["approvals"][number] {
  if (typeof written === "string") return { by: written, environment, verdict: "approve", expires: now + 86_400 };
  const { by, verdict, expires } = written;
  return { by, verdict, environment: written.environment ?? environment, expires: now + toSeconds(expires) };
}

/** The schema has checked the text. */
function toSeconds(age: string): number {
  const unit = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }[age.slice(-1)] ?? Number.NaN;
  return Number(age.slice(0, -1)) * unit;
}
