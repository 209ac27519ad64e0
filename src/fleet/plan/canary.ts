import type { InstanceView, Rollout } from "../fleet.ts";
import type { Goal } from "./goal.ts";
import type { Scene } from "./scene.ts";

/** The first instances of the new release get traffic beside the whole old set, so that going back is only taking them out. */
export function goalCanary(scene: Scene, rollout: Rollout): Goal {
  const { target, situation } = scene;
  const before = situation.desired.stable?.spec.replicas ?? 0;
  const canaries = canariesOf(rollout);
  return {
    // More of this kind may serve already: those of an open rollout that this one took over.
    want: Math.max(canaries, target.good.length),
    admit: Math.max(canaries, target.good.length),
    atOnce: canaries,
    replaceAtOnce: canaries,
    others: Math.max(before, rollout.to.spec.replicas),
    formerWanted: before,
    serve: Math.max(before, rollout.to.spec.replicas),
    isHeld: false,
  };
}

export function canariesOf({ to }: Rollout): number {
  return Math.max(1, Math.min(to.spec.update.canary, to.spec.replicas));
}

/** What is tried: whether so many serve, and whether all of them are known to be healthy. */
export function judgeCanaries(
  scene: Scene,
  rollout: Rollout,
): { readonly isWhole: boolean; readonly isHealthy: boolean } {
  const { good, presumed } = scene.target;
  return {
    isWhole: good.length + presumed.length >= canariesOf(rollout),
    isHealthy: good.filter(isHealthy).length >= canariesOf(rollout),
  };
}

function isHealthy({ health }: InstanceView): boolean {
  return health.status === "healthy";
}
