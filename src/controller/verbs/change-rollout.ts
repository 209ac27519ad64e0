import { IngotError } from "../../ground/error.ts";
import type { NewEvent } from "../../ledger/event.ts";
import type { Database } from "../../ledger/projection/database.ts";
import type { Principal } from "../../policy/policy.ts";
import type { Controller } from "../controller.ts";
import { authorize, denied, type Asked } from "../decisions/authorize.ts";
import { openRolloutOf, rolloutOfRelease, type RecordedRollout } from "../state/rollouts.ts";

/** What a person says of the rollout of a service that has not ended. */
export type RolloutOrder = { readonly service: string; readonly environment: string; readonly reason: string };

type Change = (
  rollout: RecordedRollout,
  made: { readonly state: Database; readonly actor: string; readonly next: number },
) => readonly NewEvent[];

/**
 * Puts on the record what `change` makes of the open rollout, by leave of the policy: whoever may replace instances of a service may stop and go on with their replacement. What evidence there is of the
 * image is not asked: it was when the release was made, and a bad rollout must be stoppable. Throws `policy-denied`, `environment-unknown`, `rollout-unknown`.
 */
export async function changeRollout(
  controller: Controller,
  { principal, order }: { readonly principal: Principal; readonly order: RolloutOrder },
  change: Change,
): Promise<RecordedRollout> {
  const asked = askToReplace(principal, order);
  const { result } = await controller.ledger.transact<IngotError | RecordedRollout>((state, next) => {
    const { decision, event } = authorize(controller, state, asked);
    if (!decision.permit) return { events: [event], result: denied(asked, decision) };
    const rollout = openRolloutOf(state, order);
    if (rollout === undefined) throw nothingOpen(order);
    const events = change(rollout, { state, actor: event.actor, next: next + 1 });
    return { events: events.length === 0 ? [] : [event, ...events], result: rollout };
  });
  if (result instanceof IngotError) throw result;
  return rolloutOfRelease(controller.ledger.state, { ...order, number: result.release }) ?? result;
}

/** The right to replace instances, which is what a deployer has. */
export function askToReplace(
  principal: Principal,
  { service, environment }: Pick<RolloutOrder, "service" | "environment">,
): Asked {
  return { principal, action: "replace", resource: { kind: "service", name: service, environment }, environment };
}

function nothingOpen({ service, environment }: RolloutOrder): IngotError {
  return new IngotError("rollout-unknown", `nothing of service ${service} is being rolled out in ${environment}`, {
    hint: `ingot status --environment ${environment} shows what runs`,
  });
}
