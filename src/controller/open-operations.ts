import { openFleet } from "../fleet/engine/open-fleet.ts";
import { haproxyTraffic } from "../fleet/traffic/haproxy-traffic.ts";
import { IngotError } from "../ground/error.ts";
import type { Guard } from "../guard/guard.ts";
import { openRuntimeHelper } from "../runtime/helper/resident-runtime.ts";
import { assertInstalled, assertRoot } from "../runtime/runc/host-requirements.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Controller } from "./controller.ts";
import { followGuard } from "./drift/follow-guard.ts";
import { beginMissingRollouts } from "./fleet/begin-missing-rollouts.ts";
import { openFleetRecord } from "./fleet/fleet-record.ts";
import { followRevocations } from "./fleet/follow-revocations.ts";
import { watchFleet } from "./fleet/watch-fleet.ts";
import { setOperations, type Operations } from "./operations.ts";
import type { RuntimeChoice } from "./settings.ts";

/** Begins to run what the record says, or goes on with it: what runs already is adopted. Undefined where this controller runs nothing. */
export async function openOperations(
  controller: Controller,
  given: { guard?: Guard } = {},
): Promise<Operations | undefined> {
  const { ctx } = controller;
  if (chooseRuntime(controller) === "none") return undefined;
  const runtime = await openRuntimeHelper(ctx);
  const traffic = haproxyTraffic(ctx);
  const { guard } = given;
  await beginMissingRollouts(controller);
  const record = openFleetRecord(controller);
  const fleet = openFleet(ctx, { runtime, traffic, record, execute: expectedBy(guard, runtime) });
  record.onChange((key) => fleet.wake(key));
  const ends = [
    followRevocations(controller, record),
    ...(guard === undefined
      ? []
      : [
          followGuard(controller, { guard, fleet }),
          watchFleet(controller, { fleet, guard, runtime, specs: record.specs }),
        ]),
  ];
  const operations: Operations = {
    runtime,
    traffic,
    fleet,
    ...(guard === undefined ? {} : { guard }),
    close: async () => {
      record.close();
      await Promise.all(ends.map((end) => end()));
      await fleet.close();
      await guard?.close();
      await runtime.close();
    },
  };
  setOperations(controller, operations);
  return operations;
}

/** A health check that is a program comes in from the host, as an attacker would: the guard is told before. */
function expectedBy(guard: Guard | undefined, runtime: Runtime): Runtime["execute"] {
  if (guard === undefined) return runtime.execute;
  return async (instance, command, request) => {
    await guard.expect({ instance, command, milliseconds: request.timeout });
    return runtime.execute(instance, command, request);
  };
}

/** Where nobody chose: whoever may start instances here does, and whoever may not keeps the record. */
function chooseRuntime({ ctx, settings }: Controller): RuntimeChoice {
  const { runtime } = settings;
  if (runtime === "none") return "none";
  try {
    assertRoot();
    assertInstalled(ctx);
    return "runc";
  } catch (error) {
    if (runtime !== undefined || !(error instanceof IngotError)) throw error;
    ctx.report.warn(`this controller runs no instances: ${error.message}`);
    return "none";
  }
}
