import type { Principal } from "../../policy/policy.ts";
import type { Controller } from "../controller.ts";
import { makeEvent } from "../events/events.ts";
import type { RecordedRollout } from "../state/rollouts.ts";
import { changeRollout, type RolloutOrder } from "./change-rollout.ts";

/** The rollout waits no more for a bake or a person's word: the rest is replaced. Throws what `changeRollout` does. */
export function promoteRollout(
  controller: Controller,
  principal: Principal,
  order: Omit<RolloutOrder, "reason">,
): Promise<RecordedRollout> {
  const { service, environment } = order;
  const given = { principal, order: { service, environment, reason: "" } };
  return changeRollout(controller, given, ({ id: rollout, release, isPromoted }, { actor }) =>
    isPromoted ? [] : [makeEvent(actor, "rollout.promoted", { service, environment, rollout, release })],
  );
}
