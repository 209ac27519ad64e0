import type { Rollout } from "../fleet.ts";
import { goalBlueGreen } from "./blue-green.ts";
import { goalCanary } from "./canary.ts";
import type { Quota } from "./fill-side.ts";
import { goalPaused } from "./paused.ts";
import { goalRolling } from "./rolling.ts";
import type { Scene } from "./scene.ts";
import { goalSteady } from "./steady-state.ts";
import { strategyOf } from "./strategy.ts";

/**
 * What is to be reached now; its quota is that of the target. `serve`: how many are to serve in all; the poor ones do as long as fewer good ones are there. `others`: how many instances of other releases may
 * still get traffic once this plan is done. `formerWanted`: how many of the former release are to serve: as many come back of those that were lost. `isHeld`: nothing of the rollout moves.
 */
export type Goal = Quota & {
  readonly serve: number;
  readonly others: number;
  readonly formerWanted: number;
  readonly isHeld: boolean;
};

export function goalOf(scene: Scene): Goal {
  const { rollout } = scene.situation.desired;
  if (rollout === undefined) return goalSteady(scene);
  if (rollout.status === "paused" || rollout.status === "pending") return goalPaused(scene, rollout);
  return goalOfRollout(scene, rollout);
}

function goalOfRollout(scene: Scene, rollout: Rollout): Goal {
  switch (strategyOf(scene.situation.desired, rollout)) {
    case "rolling":
      return goalRolling(scene, rollout);
    case "canary":
      return rollout.status === "promoting" ? goalRolling(scene, rollout) : goalCanary(scene, rollout);
    case "blue-green":
      return goalBlueGreen(scene, rollout);
  }
}
