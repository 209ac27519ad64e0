import type { Rollout } from "../fleet.ts";
import type { Goal } from "./goal.ts";
import type { Scene } from "./scene.ts";

/** The whole new set beside the old one, then one switch. */
export function goalBlueGreen(scene: Scene, rollout: Rollout): Goal {
  const { replicas: want } = rollout.to.spec;
  const before = scene.situation.desired.stable?.spec.replicas ?? 0;
  const serve = Math.max(before, want);
  const common = { want, serve, atOnce: want, replaceAtOnce: want, isHeld: false };
  const beside = { ...common, admit: scene.target.good.length, others: serve, formerWanted: before };
  if (rollout.status !== "promoting") return beside;
  if (scene.target.good.length + scene.target.ready.length >= want)
    return { ...common, admit: want, others: 0, formerWanted: 0 };
  if (scene.former.good.length + scene.other.good.length > 0) return beside;
  // Traffic was switched, and then some of the new set failed: their successors come in one by one. Where all of it failed the old set comes back.
  // Revoked ones of the old set fill up what is missing.
  const isDown = scene.target.good.length + scene.target.presumed.length === 0;
  const missing = want - scene.target.good.length - scene.target.ready.length;
  return { ...common, admit: want, others: isDown ? before : missing, formerWanted: isDown ? before : 0 };
}

/** The whole new set: whether it is there, and whether all of it is known to be healthy. It has no traffic yet. */
export function judgeNewSet(
  scene: Scene,
  rollout: Rollout,
): { readonly isWhole: boolean; readonly isHealthy: boolean } {
  const { good, ready, unproven, presumed } = scene.target;
  const { replicas } = rollout.to.spec;
  // One that this process has not judged yet is no sign that the set broke.
  const unjudged = unproven.filter(({ health }) => health.status === "unknown").length + presumed.length;
  const known = [...good, ...ready].filter(({ health }) => health.status === "healthy").length;
  return { isWhole: good.length + ready.length + unjudged >= replicas, isHealthy: known >= replicas };
}
