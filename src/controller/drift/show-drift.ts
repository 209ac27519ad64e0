import { IngotError } from "../../ground/error.ts";
import { driftRules } from "../../guard/guard.ts";
import type { Database } from "../../ledger/projection/database.ts";
import { capturesOf, type RecordedCapture } from "../state/captures.ts";
import { findDrift, type RecordedDrift } from "../state/drift.ts";

/** Drift with everything that became of it. `meaning`: of its rule, for people. */
export type ShownDrift = {
  readonly drift: RecordedDrift;
  readonly meaning: string;
  readonly captures: readonly RecordedCapture[];
};

/** By the number of its event. Throws `drift-unknown`. */
export function showDrift(state: Database, id: number): ShownDrift {
  const drift = findDrift(state, id);
  if (drift === undefined) {
    throw new IngotError("drift-unknown", `event #${id} is no drift that was found`, { hint: "ingot drift list" });
  }
  return { drift, meaning: meaningOf(drift.rule), captures: capturesOf(state, drift) };
}

/** A newer release may have had other rules. */
function meaningOf(rule: string): string {
  return Object.hasOwn(driftRules, rule) ? driftRules[rule as keyof typeof driftRules] : "";
}
