import type { GuardStatus } from "../../guard/guard.ts";
import type { Controller } from "../controller.ts";
import { operationsOf } from "../operations.ts";
import { listBreakers, type OpenBreaker } from "../state/breakers.ts";
import { listDrift } from "../state/drift.ts";
import { recordClosedBreakers } from "./breakers.ts";

/** How the guard is, and what it found that is not over. */
export type GuardView = {
  /** Absent: this controller has no guard. */
  readonly guard?: GuardStatus;
  /** Those that are open, by the record. */
  readonly breakers: readonly OpenBreaker[];
  /** Drift of instances that are still there: being replaced, and running on. */
  readonly open: number;
  readonly running: number;
};

export async function viewGuard(controller: Controller): Promise<GuardView> {
  const { state } = controller.ledger;
  const guard = await operationsOf(controller)?.guard?.status();
  if (guard !== undefined) await recordClosedBreakers(controller, guard.breaker);
  const found = listDrift(state, { isOpen: true, most: 100_000 });
  const open = found.filter(({ status }) => status === "open").length;
  return {
    ...(guard === undefined ? {} : { guard }),
    breakers: listBreakers(state),
    open,
    running: found.length - open,
  };
}

/** Whether somebody should look: drift that is not over, a breaker that is open, a sensor that sees nothing. */
export function needsSomebody({ guard, breakers, open, running }: GuardView): boolean {
  const isBlind = guard !== undefined && (!guard.isAwake || guard.sensors.some(({ state }) => state === "blind"));
  return isBlind || breakers.length > 0 || open + running > 0;
}
