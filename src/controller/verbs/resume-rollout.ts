import type { Principal } from "../../policy/policy.ts";
import type { Controller } from "../controller.ts";
import { makeEvent } from "../events/events.ts";
import type { RecordedRollout } from "../state/rollouts.ts";
import { changeRollout, type RolloutOrder } from "./change-rollout.ts";

/** The rollout goes on from where it was paused; its deadlines begin anew. What is not paused goes on anyway. Throws what `changeRollout` does. */
export function resumeRollout(
  controller: Controller,
  principal: Principal,
  order: Omit<RolloutOrder, "reason">,
): Promise<RecordedRollout> {
  const { service, environment } = order;
  const given = { principal, order: { service, environment, reason: "" } };
  return changeRollout(controller, given, ({ id: rollout, release, status }, { actor }) =>
    status === "paused" ? [makeEvent(actor, "rollout.resumed", { service, environment, rollout, release })] : [],
  );
}
