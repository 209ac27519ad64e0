import type { Draft } from "./draft.ts";
import { whyNotStarted } from "./may-start.ts";
import { startReasonOf } from "./reasons.ts";
import type { Scene, Side } from "./scene.ts";

/** Starts so many of a side's release: never of an image that may not run, and not before its backoff is over. */
export function startMissing(
  scene: Scene,
  side: Side,
  options: { readonly count: number; readonly draft: Draft },
): void {
  const { count, draft } = options;
  const { release } = side;
  if (release === undefined || count <= 0) return;
  const { desired, backoff, now } = scene.situation;
  const forbidden = whyNotStarted(release, desired);
  if (forbidden !== undefined) {
    draft.notes.push(`release ${release.number} has no image that may run: ${forbidden}; what runs is kept`);
    return;
  }
  const until = Math.max(0, ...[release.number, ...(release.alike ?? [])].map((one) => backoff.get(one) ?? 0));
  if (until > now) {
    draft.moments.push(until);
    draft.notes.push(
      `instances of release ${release.number} ended too soon: the next one starts in ${tellTime(until - now)}`,
    );
    return;
  }
  const reasonOf = startReasonOf(scene, side);
  for (let nth = 0; nth < count; nth++) draft.starts.push({ kind: "start", release, why: reasonOf(nth) });
}

function tellTime(milliseconds: number): string {
  return `${Math.ceil(milliseconds / 1000)} s`;
}
