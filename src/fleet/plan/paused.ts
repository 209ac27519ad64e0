import type { Rollout } from "../fleet.ts";
import type { Goal } from "./goal.ts";
import type { Scene } from "./scene.ts";

/** A paused rollout: what serves goes on serving; what is lost of the stable release comes back, and so does what the rollout's own instances leave missing. */
export function goalPaused(scene: Scene, rollout: Rollout): Goal {
  const { stable } = scene.situation.desired;
  const before = stable?.spec.replicas ?? 0;
  const serve = Math.max(before, rollout.to.spec.replicas);
  // Where the rollout's instances are the stable release's too, they are what is lost and comes back.
  const own = scene.former.release === undefined ? before : 0;
  const missing = Math.max(0, serve - scene.target.good.length - scene.target.presumed.length);
  const formerWanted = own > 0 ? 0 : Math.min(before, missing);
  return {
    want: own,
    admit: own,
    atOnce: Infinity,
    replaceAtOnce: stable?.spec.update.maxParallel ?? 0,
    serve,
    // Entered or revoked ones serve on as long as nobody is there in their place.
    others: Math.max(formerWanted, scene.former.good.length + scene.other.good.length, missing),
    formerWanted,
    isHeld: true,
  };
}
