import { orderOf, type Ecosystem } from "./osv-order.ts";

/** A stretch of versions that are affected: from `introduced` ("0": from the first) to before `fixed`, or to `last` included, or to before `limit`; without any of them there is no end. */
export type AffectedStretch = readonly [introduced: string, end: "fixed" | "last" | "limit" | "", version: string];

/** One event of an OSV range: what happened, and at which version. */
export type RangeEvent = readonly ["introduced" | "fixed" | "last" | "limit", string];

/** The stretches of a range (OSV schema, "Evaluation"); undefined where its versions have no order. */
export function toStretches(
  ecosystem: Ecosystem,
  events: readonly RangeEvent[],
): readonly AffectedStretch[] | undefined {
  if (
    events.some(
      ([, version]) => version !== "0" && version !== "*" && orderOf(ecosystem, version, version) === undefined,
    )
  )
    return undefined;
  const sorted = events.filter(([, version]) => version !== "*").toSorted((a, b) => compareEvents(ecosystem, a, b));
  const stretches: AffectedStretch[] = [];
  let introduced: string | undefined;
  for (const [what, version] of sorted) {
    if (what === "introduced") introduced ??= version;
    else if (introduced !== undefined) {
      stretches.push([introduced, what, version]);
      introduced = undefined;
    }
  }
  if (introduced !== undefined) stretches.push([introduced, "", ""]);
  return stretches;
}

/** Whether a version lies in a stretch; one that has no order lies only in that of all versions. */
export function isWithin(ecosystem: Ecosystem, version: string, [introduced, end, until]: AffectedStretch): boolean {
  if (introduced === "0" && end === "") return true;
  const fromStart = introduced === "0" ? orderOf(ecosystem, version, version) : orderOf(ecosystem, version, introduced);
  if (fromStart === undefined || fromStart < 0) return false;
  if (end === "") return true;
  const toEnd = orderOf(ecosystem, version, until);
  if (toEnd === undefined) return false;
  return end === "last" ? toEnd <= 0 : toEnd < 0;
}

/** By version; at the same one an end comes first, but for `last`, which includes it. */
function compareEvents(ecosystem: Ecosystem, [a, versionA]: RangeEvent, [b, versionB]: RangeEvent): number {
  if (versionA === versionB) return ranks[a] - ranks[b];
  if (versionA === "0") return -1;
  if (versionB === "0") return 1;
  return orderOf(ecosystem, versionA, versionB) || ranks[a] - ranks[b];
}

const ranks = { fixed: 0, limit: 0, introduced: 1, last: 2 } as const;
