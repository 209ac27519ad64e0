import { IngotError } from "../../ground/error.ts";
import type { Principal } from "../../policy/policy.ts";
import type { Controller } from "../controller.ts";
import { authorize, denied } from "../decisions/authorize.ts";
import { makeEvent } from "../events/events.ts";
import { findQuarantined, listQuarantined } from "../state/rollouts.ts";
import { askToReplace } from "./change-rollout.ts";
import { isReadable } from "./is-readable.ts";

export type LiftOrder = {
  readonly service: string;
  readonly environment: string;
  /** Digest. */
  readonly image: string;
  readonly reason: string;
};

/** An image that failed in a service may be started there again: a person says so, and why. Throws `policy-denied`, `quarantine-unfounded`, `quarantine-unknown`. */
export async function liftQuarantine(controller: Controller, principal: Principal, order: LiftOrder): Promise<void> {
  const { service, environment, image } = order;
  const reason = order.reason.trim();
  if (!isReadable(reason)) {
    throw new IngotError("quarantine-unfounded", "lifting a quarantine takes a reason: the image failed there before", {
      hint: `ingot quarantine lift ${service} ${image} --in ${environment} --reason "what is different now"`,
    });
  }
  const asked = askToReplace(principal, order);
  const { result: denial } = await controller.ledger.transact<IngotError | undefined>((state) => {
    const { decision, event } = authorize(controller, state, asked);
    if (!decision.permit) return { events: [event], result: denied(asked, decision) };
    if (findQuarantined(state, order) === undefined) {
      const others = listQuarantined(state, order).map((one) => `in quarantine there: ${one.image}`);
      throw new IngotError(
        "quarantine-unknown",
        `${image} is not in quarantine for service ${service} in ${environment}`,
        { details: others, hint: `ingot quarantine list --in ${environment} has their digests` },
      );
    }
    const lifted = makeEvent(event.actor, "quarantine.lifted", { service, environment, image, reason });
    return { events: [event, lifted], result: undefined };
  });
  if (denial !== undefined) throw denial;
}
