import type { Principal } from "../../policy/policy.ts";
import type { Controller } from "../controller.ts";
import { makeEvent } from "../events/events.ts";
import type { RecordedRollout } from "../state/rollouts.ts";
import { changeRollout, type RolloutOrder } from "./change-rollout.ts";

/** Nothing more is started or stopped for the rollout until it is resumed; lost instances are still replaced. What is paused already stays so. Throws what `changeRollout` does. */
export function pauseRollout(
  controller: Controller,
  principal: Principal,
  order: RolloutOrder,
): Promise<RecordedRollout> {
  const { service, environment, reason } = order;
  return changeRollout(controller, { principal, order }, ({ id: rollout, release, status }, { actor }) =>
    status === "paused" ? [] : [makeEvent(actor, "rollout.paused", { service, environment, rollout, release, reason })],
  );
}
