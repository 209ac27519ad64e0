import type { ApprovalFacts } from "../../policy/policy.ts";
import type { AcceptedStatement } from "../state/statements.ts";

/**
 * The last word of each person about each environment, by the time that was signed: whatever order they came in. Who rejects takes an approval back, and of the same second the rejection
 * holds. A deleted approval counts no more; a deleted rejection does.
 */
export function foldApprovals(statements: readonly AcceptedStatement[]): readonly ApprovalFacts[] {
  const last = new Map<string, Word>();
  for (const { facts, principal, isDeleted } of statements) {
    if (facts.kind !== "approval") continue;
    const { environment, verdict, expires, created, reason } = facts;
    const why = verdict === "reject" && reason !== "" ? { reason } : {};
    const word: Word = { by: principal, environment, verdict, expires, created, isDeleted, ...why };
    const key = JSON.stringify([principal, environment]);
    const before = last.get(key);
    if (before === undefined || isLater(word, before)) last.set(key, word);
  }
  return [...last.values()]
    .filter(({ verdict, isDeleted }) => verdict === "reject" || !isDeleted)
    .map(({ created: _, isDeleted: __, ...word }) => word);
}

type Word = ApprovalFacts & { readonly created: number; readonly isDeleted: boolean };

function isLater(word: Word, before: Word): boolean {
  if (word.created !== before.created) return word.created > before.created;
  return word.verdict === "reject" || before.verdict !== "reject";
}
