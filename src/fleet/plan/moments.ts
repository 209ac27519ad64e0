import type { Draft } from "./draft.ts";
import { deadlineOf } from "./deadlines.ts";
import type { Scene, Side } from "./scene.ts";
import { failsAt, provenAt } from "./standing.ts";
import { isAlike } from "./scene.ts";

/** Gathers the moments at which there is something to do though nothing happens until then. */
export function gatherMoments(scene: Scene, draft: Draft): void {
  const { rollout } = scene.situation.desired;
  for (const side of [scene.target, scene.former, scene.other]) gatherOfSide(scene, side, draft);
  if (rollout === undefined) return;
  const deadline = deadlineOf(scene, rollout);
  if (deadline !== undefined) draft.moments.push(deadline);
  if (rollout.status === "baking") draft.moments.push(rollout.since + rollout.to.spec.update.bake);
}

/** The first of them that lies ahead. */
export function wakeOf({ moments }: Draft, now: number): number | undefined {
  const ahead = moments.filter((moment) => moment > now && Number.isFinite(moment));
  return ahead.length === 0 ? undefined : ahead.reduce((first, moment) => Math.min(first, moment));
}

function gatherOfSide(scene: Scene, side: Side, draft: Draft): void {
  // A third release has nobody's times but the target's.
  const release = side.release ?? scene.target.release;
  if (release === undefined) return;
  const isProven = side.release !== undefined && isAlike(release, scene.situation.desired.stable);
  for (const view of [...side.unproven, ...side.presumed]) {
    const isHealthy = view.health.status === "healthy";
    draft.moments.push(isHealthy ? provenAt(view, release.spec, { isProven }) : failsAt(view, release.spec));
  }
}
