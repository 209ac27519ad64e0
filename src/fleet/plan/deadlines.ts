import type { Rollout } from "../fleet.ts";
import { hasTraffic } from "./standing.ts";
import type { Scene } from "./scene.ts";
import { bakes } from "./strategy.ts";

/**
 * When the rollout has failed if nothing changes until then; undefined: it waits for a person. Progress is an instance of its release that became healthy. An instance that comes and goes would be progress for ever,
 * so there is an end whatever happens: the time that one progress may take, once for each batch and once more.
 */
export function deadlineOf(scene: Scene, rollout: Rollout): number | undefined {
  const { update, replicas } = rollout.to.spec;
  const { began = -Infinity } = scene.situation;
  switch (rollout.status) {
    case "pending":
    case "paused":
    case "awaiting-promotion":
      return undefined;
    case "baking":
      return Math.max(rollout.since + update.bake, began) + update.progressDeadline;
    case "running":
    case "promoting": {
      const batches = Math.ceil(replicas / Math.max(1, update.maxParallel));
      const end =
        Math.max(rollout.started, began) +
        (batches + 1) * update.progressDeadline +
        (bakes(rollout) ? 2 * update.bake : 0);
      return Math.min(lastProgressOf(scene, rollout) + update.progressDeadline, end);
    }
  }
}

/** What the engine remembers, and what can be seen without a memory: an instance that serves got there by being healthy. */
function lastProgressOf({ situation, target }: Scene, rollout: Rollout): number {
  const isCounted = !hasTraffic(rollout.to.spec);
  const moments = target.good.map(({ traffic, health }) => (isCounted ? health.since : traffic.since));
  return Math.max(
    rollout.started,
    rollout.since,
    situation.lastProgress ?? 0,
    situation.began ?? -Infinity,
    ...moments,
  );
}
