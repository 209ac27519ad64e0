import type { StatementKind } from "../evidence.ts";
import { reasonAgainst } from "./reason-against.ts";
import { statementTime, timePlaces } from "./statement-time.ts";

export type UndatedNo = {
  /** Why it says no. */
  readonly reason: string;
  /** The member of the predicate that would have its time. */
  readonly place: string;
};

/** Whether a predicate says no without saying when, so that no later yes would be known to be later. */
export function findUndatedNo(kind: StatementKind | "other", predicate: object): UndatedNo | undefined {
  if (kind === "other") return undefined;
  const item = { kind, statement: { predicate } };
  const reason = reasonAgainst(item);
  if (reason === undefined || statementTime(item) !== undefined) return undefined;
  return { reason, place: timePlaces[kind].join(".") };
}
