import type { AcceptedStatement } from "../state/statements.ts";

type Facts = AcceptedStatement["facts"];
type Dated = "scan" | "tests";

/**
 * Of what is found out anew each time the last word counts: that of the latest time, and of two of one moment the later one to come in. Where the last word was deleted nothing
 * counts. Attack: who may delete takes the failed test away, and the passed one before it counts again.
 */
export function findNewest<K extends Dated>(
  statements: readonly AcceptedStatement[],
  kind: K,
): Extract<Facts, { kind: K }> | undefined {
  let newest: AcceptedStatement | undefined;
  const there = new Set(statements.flatMap(({ payload, isDeleted }) => (isDeleted ? [] : [payload])));
  // They are in the order in which they came.
  for (const one of statements) {
    // Deleted in one repository, and there in another, it is not taken away.
    if (one.isDeleted && there.has(one.payload)) continue;
    if (one.facts.kind === kind && (newest === undefined || timeOf(one.facts) >= timeOf(newest.facts))) newest = one;
  }
  if (newest === undefined || newest.isDeleted) return undefined;
  return newest.facts as Extract<Facts, { kind: K }>;
}

function timeOf(facts: Facts): number {
  if (facts.kind === "scan") return facts.scan.finished;
  return facts.kind === "tests" ? facts.finished : 0;
}
