import type { Rollout } from "../fleet.ts";
import type { Goal } from "./goal.ts";
import { isAlike, type Scene } from "./scene.ts";
import { servingAfterAdmission } from "./serving.ts";

/** Rolling, and the last part of a canary: at most `max_parallel` unproven at once, and for each one that is admitted one of the others leaves. The larger of both numbers serves until all are there. */
export function goalRolling(scene: Scene, rollout: Rollout): Goal {
  const { replicas: want, update } = rollout.to.spec;
  const before = scene.situation.desired.stable?.spec.replicas ?? 0;
  const serving = servingAfterAdmission(scene.target, want);
  const others = (sure: number): number => (sure >= want ? 0 : Math.max(before, want) - sure);
  return {
    want,
    admit: want,
    atOnce: atOnce(scene, rollout),
    replaceAtOnce: update.maxParallel,
    others: others(serving),
    formerWanted: Math.min(
      scene.former.release === undefined ? 0 : before,
      others(serving + scene.target.presumed.length),
    ),
    serve: serving >= want ? want : Math.max(before, want),
    isHeld: false,
  };
}

/**
 * `max_parallel`, with two exceptions. Where nobody is replaced there is nobody to protect: the first release starts all at once. And where the release's instances are the stable one's, those that were lost come
 * back at once, as they would without a rollout.
 */
function atOnce(scene: Scene, { to }: Rollout): number {
  const { stable } = scene.situation.desired;
  if (stable === undefined && scene.other.good.length === 0) return to.spec.replicas;
  const lost = stable !== undefined && isAlike(to, stable) ? stable.spec.replicas - scene.target.good.length : 0;
  return Math.max(to.spec.update.maxParallel, lost);
}
