import { openFleet } from "../fleet/engine/open-fleet.ts";
import { haproxyTraffic } from "../fleet/traffic/haproxy-traffic.ts";
import { openRuntimeHelper } from "../runtime/helper/resident-runtime.ts";
import { IngotError } from "../ground/error.ts";
import { assertInstalled, assertRoot } from "../runtime/runc/host-requirements.ts";
import type { RuntimeChoice } from "./settings.ts";
import type { Controller } from "./controller.ts";
import { beginMissingRollouts } from "./fleet/begin-missing-rollouts.ts";
import { openFleetRecord } from "./fleet/fleet-record.ts";
import { setOperations, type Operations } from "./operations.ts";

/** Begins to run what the record says, or goes on with it: what runs already is adopted. Undefined where the settings say that this controller runs nothing. */
export async function openOperations(controller: Controller): Promise<Operations | undefined> {
  const { ctx } = controller;
  if (chooseRuntime(controller) === "none") return undefined;
  const runtime = await openRuntimeHelper(ctx);
  const traffic = haproxyTraffic(ctx);
  await beginMissingRollouts(controller);
  const record = openFleetRecord(controller);
  const fleet = openFleet(ctx, { runtime, traffic, record });
  record.onChange((key) => fleet.wake(key));
  const operations: Operations = {
    runtime,
    traffic,
    fleet,
    close: async () => {
      record.close();
      await fleet.close();
      await runtime.close();
    },
  };
  setOperations(controller, operations);
  return operations;
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
