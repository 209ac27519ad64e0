import { z } from "zod";
import type { Statement, StatementKind } from "../evidence.ts";

/** A statement as far as its predicate goes. */
export type Said = { readonly kind: StatementKind | "other"; readonly statement: Pick<Statement, "predicate"> };

/** When a statement says that it was made, as it is written there; undefined where it says nothing or no date. */
export function statementTime({ kind, statement }: Said): string | undefined {
  if (kind === "other") return undefined;
  let value = statement.predicate;
  for (const name of timePlaces[kind]) {
    value = typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
  }
  return z.iso.datetime({ offset: true }).safeParse(value).data;
}

/** Where each kind of predicate has its time. */
export const timePlaces: Readonly<Record<StatementKind, readonly string[]>> = {
  signature: ["created"],
  provenance: ["runDetails", "metadata", "finishedOn"],
  cyclonedx: ["metadata", "timestamp"],
  spdx: ["creationInfo", "created"],
  scan: ["metadata", "scanFinishedOn"],
  vex: ["timestamp"],
  tests: ["finishedOn"],
  rebuild: ["finishedOn"],
  verdict: ["timeVerified"],
  approval: ["created"],
};
