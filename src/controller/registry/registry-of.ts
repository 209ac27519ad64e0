import type { Controller } from "../controller.ts";
import { openRegistry, type Registry } from "./registry.ts";

const opened = new WeakMap<Controller, Registry>();

/** The one registry of a controller: uploads, remembered decisions and what is being deleted are known to all who work with it. */
export function registryOf(controller: Controller): Registry {
  const known = opened.get(controller);
  if (known !== undefined) return known;
  const registry = openRegistry(controller);
  opened.set(controller, registry);
  return registry;
}
