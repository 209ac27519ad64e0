import type { Goal } from "./goal.ts";
import type { Scene } from "./scene.ts";
import { servingAfterAdmission } from "./serving.ts";

/** No rollout: as many instances of the stable release as it asks for. What a cancelled or failed rollout left serves only as long as some of them are missing. */
export function goalSteady(scene: Scene): Goal {
  const { stable } = scene.situation.desired;
  const want = stable?.spec.replicas ?? 0;
  const serving = servingAfterAdmission(scene.target, want);
  return {
    want,
    admit: want,
    // Lost ones come back at once; that one which does not live costs little is the backoff's work.
    atOnce: Infinity,
    replaceAtOnce: stable?.spec.update.maxParallel ?? 0,
    others: Math.max(0, want - serving),
    serve: want,
    formerWanted: 0,
    isHeld: false,
  };
}
