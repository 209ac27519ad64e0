import type { Rollout } from "../fleet.ts";
import type { Scene } from "./scene.ts";

/** What stands in the way of a rollout, or of all, for people. */
export function noteState(scene: Scene): readonly string[] {
  const { desired } = scene.situation;
  const rollout = desired.rollout === undefined ? [] : noteRollout(desired.rollout);
  const isDown = scene.situation.instances.length > 0 && [scene.target, scene.former, scene.other].every(isSilent);
  return [...rollout, ...(isDown ? ["no instance serves"] : [])];
}

function noteRollout({ status, to }: Rollout): readonly string[] {
  switch (status) {
    case "paused":
      return [`the rollout of release ${to.number} is paused: nothing is started or stopped for it`];
    case "awaiting-promotion":
      return [`the rollout of release ${to.number} waits for somebody to promote it`];
    case "pending":
      return [`release ${to.number} is not begun: its image is being made ready`];
    case "running":
    case "baking":
    case "promoting":
      return [];
  }
}

function isSilent({ good, poor, presumed }: Scene["target"]): boolean {
  return good.length + poor.length + presumed.length === 0;
}
