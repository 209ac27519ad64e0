import type { EvidenceItem } from "../evidence.ts";
import { byKind } from "./decide.ts";
import { statementTime } from "./statement-time.ts";

type Checked = Extract<EvidenceItem, { status: "checked" }>;

/** In the order of an image's life; of one kind by the time that they say, the newest last. Those that say none come first: nobody knows that they are new. */
export function byLife(a: Checked, b: Checked): number {
  return byKind(a, b) || momentOf(a) - momentOf(b);
}

/**
 * Whether the same key has said the same kind of thing again, later. Only of what is found out anew each time: an older provenance, exception or approval still
 * says what it said. For people; `decide` believes no order but that of a no.
 */
export function isSuperseded(item: Checked, all: readonly Checked[]): boolean {
  if (item.kind !== "scan" && item.kind !== "tests") return false;
  if (statementTime(item) === undefined) return false;
  return all.some(
    (other) => other.kind === item.kind && other.key.id === item.key.id && momentOf(other) > momentOf(item),
  );
}

/** Milliseconds; 0 for one that says no time, as `Infinity` would make no order. */
function momentOf(item: Checked): number {
  return Date.parse(statementTime(item) ?? "") || 0;
}
