import { IngotError } from "../ground/error.ts";
import type { Fleet } from "../fleet/engine/engine.ts";
import type { Traffic } from "../fleet/traffic/traffic.ts";
import type { Guard } from "../guard/guard.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Controller } from "./controller.ts";

/** What a controller runs. */
export type Operations = {
  readonly runtime: Runtime;
  readonly traffic: Traffic;
  readonly fleet: Fleet;
  /** Absent where the driver's instances cannot be watched. */
  readonly guard?: Guard;
  /** Ends what this process does for it; what runs goes on. */
  readonly close: () => Promise<void>;
};

const opened = new WeakMap<Controller, Operations>();

/** Undefined: this controller runs no instances. */
export function operationsOf(controller: Controller): Operations | undefined {
  return opened.get(controller);
}

/** Throws `fleet-not-here`. */
export function requireOperations(controller: Controller): Operations {
  const operations = opened.get(controller);
  if (operations !== undefined) return operations;
  throw new IngotError("fleet-not-here", "this controller runs no instances: it keeps the record alone", {
    hint: "ingot serve --runtime runc, as root on a machine with runc",
  });
}

export function setOperations(controller: Controller, operations: Operations): void {
  opened.set(controller, operations);
}
