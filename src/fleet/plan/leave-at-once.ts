import type { Draft } from "./draft.ts";
import { stopReasonOf } from "./reasons.ts";
import type { Scene, Side } from "./scene.ts";

/**
 * What waits for nothing, not even for the record: condemned instances get no requests any more, even where they are the last that serve, since a compromised one must not answer; and they end at once, since
 * requests under way are an attacker's by now. Remains are cleaned up.
 */
export function leaveAtOnce(scene: Scene, draft: Draft): void {
  for (const side of [scene.target, scene.former, scene.other]) leaveSide(scene, side, draft);
}

function leaveSide(scene: Scene, side: Side, draft: Draft): void {
  for (const view of [...side.condemned, ...side.gone, ...side.stopping])
    if (view.traffic.status === "in") draft.drain.push(view);
  for (const view of [...side.condemned, ...side.gone]) draft.stops.push({ view, why: stopReasonOf(view, scene) });
}
