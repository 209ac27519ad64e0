import type { InstanceView } from "../fleet.ts";
import type { Draft } from "./draft.ts";
import { fillSide, type Filled } from "./fill-side.ts";
import type { Goal } from "./goal.ts";
import { stopReasonOf } from "./reasons.ts";
import type { Scene } from "./scene.ts";

/** Both sides filled. The former one comes back only as far as no third release serves in its place. */
export function fillSides(scene: Scene, goal: Goal): { readonly target: Filled; readonly former: Filled } {
  const back = Math.max(0, goal.formerWanted - scene.other.good.length - scene.other.presumed.length);
  const replaceAtOnce = scene.former.release?.spec.update.maxParallel ?? 0;
  return {
    target: fillSide(scene.target, goal),
    former: fillSide(scene.former, { want: back, admit: back, atOnce: Infinity, replaceAtOnce }),
  };
}

/** Who gets traffic and who no more, in one move: nobody leaves but for another that is there, or because more serve than are wanted. */
export function moveTraffic(scene: Scene, filled: ReturnType<typeof fillSides>, draft: Draft & { goal: Goal }): void {
  const { goal } = draft;
  const own = [...scene.target.good, ...filled.target.admit];
  // Of third releases those are kept that have been healthy longest.
  const third = scene.other.good.toSorted((a, b) => a.health.since - b.health.since);
  const others = [...scene.former.good, ...filled.former.admit, ...third];
  const ownKept = goal.isHeld ? own : own.slice(0, goal.want);
  const othersKept = others.slice(0, goal.others);
  const poor = keptPoor(scene, {
    missing: goal.serve - ownKept.length - othersKept.length,
    others: goal.others - othersKept.length,
  });
  const kept = new Set([...ownKept, ...othersKept, ...poor]);
  const all = [...own, ...others, ...scene.target.poor, ...scene.former.poor, ...scene.other.poor];
  draft.admit.push(...filled.target.admit, ...filled.former.admit);
  for (const view of all) if (!kept.has(view)) takeOut(scene, view, draft);
}

/** The poor ones fill up what is missing, and not beyond what other releases may have; the unhealthy ones last, since the others do answer. */
function keptPoor(scene: Scene, room: { readonly missing: number; readonly others: number }): readonly InstanceView[] {
  const own = new Set(scene.target.poor);
  const all = [...scene.target.poor, ...scene.former.poor, ...scene.other.poor];
  const kept: InstanceView[] = [];
  let { others } = room;
  for (const view of all.toSorted((a, b) => rankOf(a) - rankOf(b))) {
    if (kept.length >= room.missing || (!own.has(view) && others <= 0)) continue;
    if (!own.has(view)) others--;
    kept.push(view);
  }
  return kept;
}

function rankOf({ health }: InstanceView): number {
  return health.status === "unhealthy" ? 1 : 0;
}

/** Without traffic, to be taken out is to be stopped. */
function takeOut(scene: Scene, view: InstanceView, draft: Draft): void {
  if (view.traffic.status === "in") draft.drain.push(view);
  else draft.stops.push({ view, why: stopReasonOf(view, scene) });
}
