import { IngotError } from "../../ground/error.ts";
import type { Principal } from "../../policy/policy.ts";
import type { InstanceId, ProgramEnd } from "../../runtime/runtime.ts";
import type { Controller } from "../controller.ts";
import { authorize, denied } from "../decisions/authorize.ts";
import { makeEvent } from "../events/events.ts";
import { requireOperations } from "../operations.ts";
import { listLiving } from "../state/instances.ts";
import { isReadable } from "./is-readable.ts";
import { unknownInstance } from "./replace-instance.ts";

export type ExecuteOrder = {
  readonly service: string;
  readonly environment: string;
  readonly instance: string;
  readonly command: readonly string[];
  readonly reason: string;
  /** Milliseconds; 10 minutes at most. */
  readonly timeout?: number;
};

const longest = 600_000;
const mostOutput = 1024 * 1024;

/**
 * Runs a program in a living instance for a person with the right to debug. It is on the record before it begins, and the instance is replaced as soon as it ends: what somebody was in is not what its image
 * says any more. Throws `policy-denied`, `fleet-not-here`, `instance-unknown`, `debug-unfounded`, and what `Runtime.execute` does.
 */
export async function executeIn(
  controller: Controller,
  principal: Principal,
  order: ExecuteOrder,
): Promise<ProgramEnd> {
  const { runtime, fleet, guard } = requireOperations(controller);
  const timeout = Math.min(order.timeout ?? longest, longest);
  const release = fleet.spare(order.instance as InstanceId);
  try {
    const id = await recordEntry(controller, principal, order);
    await guard?.expect({ instance: id, command: order.command, milliseconds: timeout });
    return await runtime.execute(id, order.command, { timeout, maxOutput: mostOutput });
  } finally {
    // By the record it is condemned.
    release();
  }
}

async function recordEntry(controller: Controller, principal: Principal, order: ExecuteOrder): Promise<InstanceId> {
  const { service, environment, command } = order;
  const reason = order.reason.trim();
  if (!isReadable(reason) || command.length === 0) {
    throw new IngotError("debug-unfounded", "entering an instance takes a command and a reason: it is on the record", {
      hint: `ingot exec ${order.instance} --reason "what you look for" -- COMMAND`,
    });
  }
  const resource = { kind: "service", name: service, environment } as const;
  const asked = { principal, action: "debug", resource, environment } as const;
  const { result } = await controller.ledger.transact<IngotError | InstanceId>((state) => {
    const { decision, event } = authorize(controller, state, asked);
    if (!decision.permit) return { events: [event], result: denied(asked, decision) };
    const found = listLiving(state, order).find((one) => one.id === order.instance);
    if (found === undefined) throw unknownInstance(order);
    const entered = { service, environment, instance: found.id, command, reason };
    return { events: [event, makeEvent(event.actor, "instance.debugged", entered)], result: found.id as InstanceId };
  });
  if (result instanceof IngotError) throw result;
  return result;
}
