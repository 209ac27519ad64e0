import { IngotError } from "../../ground/error.ts";
import type { Guard } from "../../guard/guard.ts";
import type { Controller } from "../controller.ts";
import { requireOperations } from "../operations.ts";

/** The guard of a controller. Throws `fleet-not-here`, and `guard-not-here` where the instances of its driver cannot be watched. */
export function requireGuard(controller: Controller): Guard {
  const { guard } = requireOperations(controller);
  if (guard !== undefined) return guard;
  throw new IngotError("guard-not-here", "this controller's instances are not watched", {
    hint: "ingot serve --runtime runc, as root: the guard sees instances of that driver",
  });
}
