import { statementKinds, type StatementKind } from "../../evidence/evidence.ts";
import type { ImageFacts } from "../../policy/policy.ts";
import type { AcceptedStatement } from "../state/statements.ts";

/** Kinds of statements that stand, each with whose keys made them. */
export function findMakers(statements: readonly AcceptedStatement[]): ImageFacts["statements"] {
  const makers = new Map<StatementKind, Set<string>>();
  for (const one of statements) {
    if (one.kind === "other" || one.isDeleted || saysNo(one) || isTakenBack(one, statements)) continue;
    const known = makers.get(one.kind);
    if (known === undefined) makers.set(one.kind, new Set([one.principal]));
    else known.add(one.principal);
  }
  const kinds = Object.keys(statementKinds) as StatementKind[];
  return kinds.flatMap((kind) => {
    const by = makers.get(kind);
    return by === undefined ? [] : [{ kind, by: [...by].toSorted() }];
  });
}

/** Failed tests and rejections are no proof; that they are there is in facts of their own. */
function saysNo({ facts }: AcceptedStatement): boolean {
  if (facts.kind === "tests") return !facts.passed;
  if (facts.kind === "approval") return facts.verdict === "reject";
  return facts.kind === "none" && facts.no !== undefined;
}

/** A no of the same kind that is not known to be the earlier one, also when its manifest was deleted: a wrong no only asks for another yes. */
function isTakenBack(yes: AcceptedStatement, statements: readonly AcceptedStatement[]): boolean {
  if (yes.facts.kind !== "none") return false;
  return statements.some((no) => no.kind === yes.kind && saysNo(no) && !(timeOf(no) < timeOf(yes)));
}

/** Milliseconds; no number where nothing is said, which is neither before nor after anything. */
function timeOf({ made }: AcceptedStatement): number {
  return Date.parse(made ?? "");
}
