import type { InstanceId } from "../../../runtime/runtime.ts";
import type { FleetRelease, InstanceHealth, InstanceTraffic, InstanceView } from "../../fleet.ts";
import { hasTraffic } from "../standing.ts";
import type { Random } from "./random.ts";

/** How the instances of a release behave. `mixed`: each is fine or never works. */
export type Nature = "fine" | "slow" | "never" | "exits" | "flaps" | "dies-late" | "mixed";

/** What an instance really is, and what the controller has seen of it. Milliseconds. */
export type ModelInstance = {
  readonly id: InstanceId;
  readonly release: FleetRelease;
  readonly started: number;
  /** It ends by itself then. */
  dies: number;
  /** When it works: the moments at which that changes, beginning with not working. */
  readonly changes: readonly number[];
  /** Until then it is `starting`. */
  readonly starts: number;
  /** It is stopped and will be gone then; whoever stopped it may not live to see it. */
  stops?: number;
  isStopSeen: boolean;
  isGone: boolean;
  isFrozen: boolean;
  condemned?: NonNullable<InstanceView["condemned"]>;
  health: InstanceHealth;
  /** When it is looked at next. */
  looks: number;
  traffic: InstanceTraffic;
  /** Its requests are done then, once it drains. */
  drained: number;
  /** It has been healthy for min_healthy_time at some time, as far as was seen. */
  hasProven: boolean;
  /** It was unhealthy after that: another one may have been started in its place, and it may come back. */
  hasRelapsed: boolean;
};

/** From a check to what is made of it. */
export const lag = 300;

/** Things happen at multiples of this, so that several happen at the same moment, as on a busy machine. */
const grid = 50;

export function onGrid(at: number): number {
  return Math.ceil(at / grid) * grid;
}

export function makeInstance(
  id: string,
  release: FleetRelease,
  world: { readonly now: number; readonly nature: Nature; readonly random: Random },
): ModelInstance {
  const { now, nature, random } = world;
  const changes = changesOf(nature, world);
  return {
    id: id as InstanceId,
    release,
    started: now,
    dies: deathOf(nature, world),
    changes,
    starts: onGrid(now + random.between(10, 200)),
    isStopSeen: false,
    isGone: false,
    isFrozen: false,
    health: { status: "unknown", since: now },
    looks: onGrid(now + lag + random.between(0, 200)),
    traffic: { status: "out", since: now },
    drained: 0,
    hasProven: false,
    hasRelapsed: false,
  };
}

export function viewOf(one: ModelInstance, now: number): InstanceView {
  return {
    id: one.id,
    release: one.release.number,
    image: one.release.image,
    started: one.started,
    state: stateOf(one, now),
    health: one.health,
    traffic: one.traffic.status === "draining" ? { ...one.traffic, sessions: now >= one.drained ? 0 : 1 } : one.traffic,
    ...(!hasTraffic(one.release.spec) && { isUnaddressed: true }),
    ...(one.condemned && { condemned: one.condemned }),
  };
}

export function isWorking(one: ModelInstance, at: number): boolean {
  return !one.isGone && !one.isFrozen && one.changes.filter((change) => change <= at).length % 2 === 1;
}

function stateOf(one: ModelInstance, now: number): InstanceView["state"] {
  if (one.isGone) return "gone";
  if (one.stops !== undefined && one.isStopSeen) return "stopping";
  if (one.isFrozen) return "frozen";
  return now < one.starts ? "starting" : "running";
}

function changesOf(nature: Nature, { now, random }: { now: number; random: Random }): readonly number[] {
  const soon = onGrid(now + random.between(200, 1200));
  switch (nature) {
    case "fine":
    case "dies-late":
      return [soon];
    case "slow":
      return [onGrid(now + random.between(2000, 4500))];
    case "mixed":
      return random.chance(0.5) ? [soon] : [];
    case "never":
    case "exits":
      return [];
    case "flaps": {
      const changes = [soon];
      for (let at = soon; changes.length < 60; changes.push(at)) at += onGrid(random.between(500, 6000));
      return changes;
    }
  }
}

function deathOf(nature: Nature, { now, random }: { now: number; random: Random }): number {
  if (nature === "exits") return now + random.between(20, 900);
  return nature === "dies-late" ? now + random.between(3000, 40_000) : Infinity;
}
