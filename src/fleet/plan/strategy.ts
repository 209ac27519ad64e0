import type { Desired, Rollout, UpdateSpec } from "../fleet.ts";
import { isAlike } from "./scene.ts";

/**
 * How a rollout goes about it. The first release has nobody beside whom it could be tried, and one that only changes the number of instances nothing to try: both are rolling. What goes back to an image that is known to be
 * good skips the canary.
 */
export function strategyOf({ stable }: Desired, rollout: Rollout): UpdateSpec["strategy"] {
  const { strategy } = rollout.to.spec.update;
  if (stable === undefined || isAlike(rollout.to, stable)) return "rolling";
  return strategy === "canary" && rollout.kind !== "deploy" ? "rolling" : strategy;
}

/** What has to stay healthy before it goes on, and for how long; absent: nothing. */
export function bakes(rollout: Rollout): boolean {
  return rollout.kind === "deploy" && !rollout.isPromoted;
}
