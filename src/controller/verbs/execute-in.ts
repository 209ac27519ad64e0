import { IngotError } from "../../ground/error.ts";
import { makeRedactor } from "../../guard/response/capture/redact.ts";
import type { Principal } from "../../policy/policy.ts";
import type { InstanceId, ProgramEnd } from "../../runtime/runtime.ts";
import type { Controller } from "../controller.ts";
import { authorize, denied, type Asked } from "../decisions/authorize.ts";
import { requirePermit } from "../decisions/require-permit.ts";
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
  /** Milliseconds; at most `longestExecution`, which is the default. */
  readonly timeout?: number;
};

/** Milliseconds: a connection on which nothing is said for two minutes is closed by the server, and what the program printed would be lost. */
export const longestExecution = 100_000;

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
  const timeout = Math.min(order.timeout ?? longestExecution, longestExecution);
  // Attack: who may not enter asks again and again, and each time the instance is spared, though it must go.
  await requirePermit(controller, askToDebug(principal, order));
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
  // Passwords in it would be there for ever, for all who read the record.
  const recorded = makeRedactor([]).command(command);
  assertFits(recorded);
  const asked = askToDebug(principal, order);
  const { result } = await controller.ledger.transact<IngotError | InstanceId>((state) => {
    const { decision, event } = authorize(controller, state, asked);
    if (!decision.permit) return { events: [event], result: denied(asked, decision) };
    const found = listLiving(state, order).find((one) => one.id === order.instance);
    if (found === undefined) throw unknownInstance(order);
    const entered = { service, environment, instance: found.id, command: recorded, reason };
    return { events: [event, makeEvent(event.actor, "instance.debugged", entered)], result: found.id as InstanceId };
  });
  if (result instanceof IngotError) throw result;
  return result;
}

function askToDebug(principal: Principal, { service, environment }: ExecuteOrder): Asked {
  return { principal, action: "debug", resource: { kind: "service", name: service, environment }, environment };
}

/** Bytes: an event holds 65,535, and what was run is on the record whole, or is not run. */
const longestCommand = 32_000;

function assertFits(command: readonly string[]): void {
  const size = Buffer.byteLength(JSON.stringify(command));
  if (size <= longestCommand) return;
  throw new IngotError(
    "debug-unfounded",
    `the command has ${size} bytes as JSON, and at most ${longestCommand} fit on the record`,
    { hint: "run several shorter ones" },
  );
}
