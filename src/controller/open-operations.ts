import { openFleet } from "../fleet/engine/open-fleet.ts";
import { haproxyTraffic } from "../fleet/traffic/haproxy-traffic.ts";
import { IngotError } from "../ground/error.ts";
import type { Guard } from "../guard/guard.ts";
import { openGuard } from "../guard/process/open-guard.ts";
import { openRuntime } from "../runtime/open-runtime.ts";
import { openRuntimeHelper } from "../runtime/helper/resident-runtime.ts";
import { assertInstalled, assertRoot } from "../runtime/runc/host-requirements.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Controller } from "./controller.ts";
import { followGuard } from "./drift/follow-guard.ts";
import { beginMissingRollouts } from "./fleet/begin-missing-rollouts.ts";
import { openFleetRecord } from "./fleet/fleet-record.ts";
import { followRevocations } from "./fleet/follow-revocations.ts";
import { registryAccess } from "./fleet/registry-access.ts";
import { watchFleet } from "./fleet/watch-fleet.ts";
import { setOperations, type Operations } from "./operations.ts";
import type { RuntimeChoice } from "./settings.ts";

/** Begins to run what the record says, or goes on with it: what runs already is adopted. Undefined where this controller runs nothing. */
export async function openOperations(controller: Controller): Promise<Operations | undefined> {
  const { ctx } = controller;
  const kind = chooseRuntime(controller);
  if (kind === "none") return undefined;
  const runtime = await openDriver(controller, kind);
  // Content of another driver is nothing that the guard knows how to judge.
  const guard = kind === "runc" ? await openGuard(ctx) : undefined;
  const traffic = haproxyTraffic(ctx);
  await beginMissingRollouts(controller);
  const record = openFleetRecord(controller, runtime);
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
      await runtime.close?.();
    },
  };
  setOperations(controller, operations);
  return operations;
}

type Driver = Runtime & { readonly close?: () => Promise<void> };

async function openDriver(controller: Controller, kind: Exclude<RuntimeChoice, "none">): Promise<Driver> {
  const { ctx } = controller;
  return kind === "runc" ? openRuntimeHelper(ctx) : openRuntime(ctx, { kind, registry: registryAccess(controller) });
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
  if (runtime !== undefined && runtime !== "runc") return runtime;
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
