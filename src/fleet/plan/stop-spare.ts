import type { InstanceView, ServiceSpec } from "../fleet.ts";
import type { Draft } from "./draft.ts";
import type { Filled } from "./fill-side.ts";
import type { Goal } from "./goal.ts";
import { stopReasonOf } from "./reasons.ts";
import type { Scene } from "./scene.ts";
import { keepWarm, warmUntil } from "./warm-set.ts";

/** Stops what has no traffic and is not needed, once its requests are done. Nothing is ever stopped for a paused rollout. */
export function stopSpare(
  scene: Scene,
  filled: { target: Filled; former: Filled },
  draft: Draft & { goal: Goal },
): void {
  const warm = new Set(keepWarm(scene, filled.former.surplus));
  const until = warmUntil(scene);
  if (warm.size > 0 && until !== Infinity) draft.moments.push(until);
  const held = draft.goal.isHeld;
  const spare = held
    ? scene.former.spent
    : [
        ...scene.target.spent,
        ...scene.former.spent,
        ...scene.other.spent,
        ...filled.target.surplus,
        ...filled.former.surplus.filter((view) => !warm.has(view)),
      ];
  for (const view of spare) stopOnceDrained(scene, view, draft);
}

function stopOnceDrained(scene: Scene, view: InstanceView, draft: Draft): void {
  const { now } = scene.situation;
  const drained = drainedAt(view, drainOf(scene));
  if (drained <= now) draft.stops.push({ view, why: stopReasonOf(view, scene) });
  else draft.moments.push(drained);
}

/** When requests under way are done, or have had their time. */
function drainedAt({ traffic }: InstanceView, drain: number): number {
  if (traffic.status !== "draining" || traffic.sessions === 0) return 0;
  return traffic.since + drain;
}

/** The longest that a release which is known gives its requests: of a third release nothing is known, and those under way are not cut because another one would have been. */
function drainOf({ situation }: Scene): number {
  const { stable, rollout, warm } = situation.desired;
  const specs = [stable, rollout?.to, rollout?.from, warm?.release].flatMap((one): ServiceSpec[] =>
    one === undefined ? [] : [one.spec],
  );
  return Math.max(0, ...specs.map(({ drain }) => drain));
}
