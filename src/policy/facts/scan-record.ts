import type { ScanFacts } from "../policy.ts";
import { ageOf } from "./age.ts";

/** `ScanFacts` of the schema. Ages in seconds. */
export type ScanRecord = {
  readonly age: number;
  readonly gaps: number;
  readonly exploited: readonly string[];
  readonly fixableCritical: number;
  readonly fixableHigh: number;
  readonly oldestFixableCritical: number;
  readonly oldestFixableHigh: number;
};

/** A scan as a policy sees it at `now`. What nobody rated counts as high, and a fix of unknown date as older than any grace. */
export function toScanRecord(scan: ScanFacts, now: number): ScanRecord {
  const critical = scan.fixable.filter(({ severity }) => severity === "critical");
  const high = scan.fixable.filter(({ severity }) => severity !== "critical");
  return {
    age: ageOf(scan.finished, now),
    // A count that is no number is a scan that knows nothing.
    gaps: Number.isSafeInteger(scan.gaps) && scan.gaps >= 0 ? scan.gaps : Number.MAX_SAFE_INTEGER,
    exploited: [...new Set(scan.exploited)],
    fixableCritical: critical.length,
    fixableHigh: high.length,
    oldestFixableCritical: oldest(critical, now),
    oldestFixableHigh: oldest(high, now),
  };
}

function oldest(fixable: readonly { readonly since: number }[], now: number): number {
  return fixable.reduce((age, { since }) => Math.max(age, fixAge(since, now)), 0);
}

/** For how long a fix has been there. `since` 0: no source says it, so it is as old as time itself, which no grace reaches. */
function fixAge(since: number, now: number): number {
  if (!Number.isFinite(since) || since <= 0) return now;
  return Math.max(0, Math.trunc(now - since));
}
