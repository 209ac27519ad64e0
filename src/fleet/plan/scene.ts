import type { Desired, FleetRelease, InstanceView, Situation } from "../fleet.ts";
import { judgeStanding, type Standing } from "./standing.ts";

/** Instances of one release, by how they stand; each list from the oldest to the youngest. */
export type Side = { readonly release?: FleetRelease } & Readonly<Record<Standing, readonly InstanceView[]>>;

/**
 * A situation, sorted. `target`: the release that is to run: the rollout's, else the stable one. `former`: the one it replaces: of a rollout the stable release, else the one that is kept warm. `other`: instances
 * of any third release; they serve until they are replaced, and are never started.
 */
export type Scene = {
  readonly situation: Situation;
  readonly target: Side;
  readonly former: Side;
  readonly other: Side;
};

export function makeScene(situation: Situation): Scene {
  const { target, former } = releasesOf(situation.desired);
  const sides = { target: emptySide(target), former: emptySide(former), other: emptySide(undefined) };
  const { now } = situation;
  const byAge = situation.instances.toSorted((a, b) => a.started - b.started || (a.id < b.id ? -1 : 1));
  for (const view of byAge) {
    const known = isOf(view, former) ? sides.former : sides.other;
    const side = isOf(view, target) ? sides.target : known;
    const isProven = side.release !== undefined && isAlike(side.release, situation.desired.stable);
    side[judgeStanding(view, { now, release: side.release, target, isProven })].push(view);
  }
  return { situation, ...sides };
}

/** Whether the instances of one release are as good as those of the other. */
export function isAlike(one: FleetRelease, other: FleetRelease | undefined): boolean {
  if (other === undefined) return false;
  return (
    one.number === other.number ||
    (one.alike?.includes(other.number) ?? false) ||
    (other.alike?.includes(one.number) ?? false)
  );
}

export function isOf(view: InstanceView, release: FleetRelease | undefined): boolean {
  return release !== undefined && (view.release === release.number || (release.alike?.includes(view.release) ?? false));
}

function releasesOf({ stable, rollout, warm }: Desired): { target?: FleetRelease; former?: FleetRelease } {
  if (rollout === undefined) return { ...(stable && { target: stable }), ...(warm && { former: warm.release }) };
  if (stable === undefined || isAlike(rollout.to, stable)) return { target: rollout.to };
  return { target: rollout.to, former: stable };
}

type Growing = { release?: FleetRelease } & Record<Standing, InstanceView[]>;

function emptySide(release: FleetRelease | undefined): Growing {
  const lists = {
    gone: [],
    stopping: [],
    condemned: [],
    good: [],
    poor: [],
    ready: [],
    unproven: [],
    presumed: [],
    spent: [],
  };
  return release === undefined ? lists : { release, ...lists };
}
