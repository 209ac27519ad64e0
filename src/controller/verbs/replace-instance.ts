import { IngotError } from "../../ground/error.ts";
import type { Principal } from "../../policy/policy.ts";
import type { InstanceId } from "../../runtime/runtime.ts";
import type { Controller } from "../controller.ts";
import { requireOperations } from "../operations.ts";
import { authorize, denied } from "../decisions/authorize.ts";
import { listLiving } from "../state/instances.ts";
import { askToReplace } from "./change-rollout.ts";

export type ReplaceOrder = {
  readonly service: string;
  readonly environment: string;
  /** Absent: all of the service, one after the other. */
  readonly instance?: string;
};

/** Has instances replaced by new ones of the same release, start-first: a restart without a gap. Returns the ids of those that go. Throws `policy-denied`, `fleet-not-here`, `instance-unknown`. */
export async function replaceInstance(
  controller: Controller,
  principal: Principal,
  order: ReplaceOrder,
): Promise<readonly InstanceId[]> {
  const { fleet } = requireOperations(controller);
  const asked = askToReplace(principal, order);
  const { result } = await controller.ledger.transact<IngotError | readonly InstanceId[]>((state) => {
    const { decision, event } = authorize(controller, state, asked);
    if (!decision.permit) return { events: [event], result: denied(asked, decision) };
    const living = listLiving(state, order).filter(({ id }) => order.instance === undefined || id === order.instance);
    if (living.length === 0) throw unknownInstance(order);
    return { events: [event], result: living.map(({ id }) => id as InstanceId) };
  });
  if (result instanceof IngotError) throw result;
  fleet.restart(result);
  return result;
}

export function unknownInstance({ service, environment, instance }: ReplaceOrder): IngotError {
  const what = instance === undefined ? "no instance" : `no instance ${instance}`;
  return new IngotError("instance-unknown", `service ${service} has ${what} in ${environment}`, {
    hint: `ingot status --environment ${environment} shows what runs`,
  });
}
