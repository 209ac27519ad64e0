import type { ApprovalFacts } from "../../policy/policy.ts";
import type { AcceptedStatement } from "../state/statements.ts";

/** The last word of each person about each environment: who rejects after an approval takes it back. They are in the order in which they came. */
export function foldApprovals(statements: readonly AcceptedStatement[]): readonly ApprovalFacts[] {
  const last = new Map<string, ApprovalFacts>();
  for (const { facts, principal } of statements) {
    if (facts.kind !== "approval") continue;
    const { environment, verdict, expires } = facts;
    last.set(JSON.stringify([principal, environment]), { by: principal, environment, verdict, expires });
  }
  return [...last.values()];
}
