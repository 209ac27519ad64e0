import { z } from "zod";
import type { EvidenceItem, StatementKind } from "../evidence.ts";

/** When a statement says that it was made, as it is written there; undefined where it says nothing or no date. */
export function statementTime({ kind, statement }: Extract<EvidenceItem, { status: "checked" }>): string | undefined {
  if (kind === "other") return undefined;
  let value = statement.predicate;
  for (const name of places[kind]) {
    value = typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
  }
  return z.iso.datetime({ offset: true }).safeParse(value).data;
}

/** Where each kind of predicate has its time. */
const places: Readonly<Record<StatementKind, readonly string[]>> = {
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
