import type { Desired, FleetRelease, Situation } from "../../fleet.ts";
import { isAlike } from "../scene.ts";
import { onGrid, viewOf, type ModelInstance, type Nature } from "./model-instance.ts";
import type { Random } from "./random.ts";

/** A model of one service on one machine, and of what its controller remembers. */
export type World = {
  readonly seed: number;
  readonly random: Random;
  now: number;
  /** What is on the record; it outlives the controller. */
  desired: Desired;
  instances: ModelInstance[];
  readonly natures: Map<number, Nature>;
  /** Every release there was, and those that were stable once. */
  readonly releases: FleetRelease[];
  readonly formerlyStable: FleetRelease[];
  /** A failed rollout is to be reverted: on the record, and not done yet. */
  revertDue: boolean;
  nextEvent: number;
  nextInstance: number;
  /** The controller's memory: it is gone with the controller. */
  memory: { readonly failures: Map<number, number>; readonly backoff: Map<number, number>; lastProgress?: number };
  readonly trace: string[];
};

export function situationOf(world: World, now = world.now): Situation {
  const { lastProgress } = world.memory;
  return {
    now,
    desired: world.desired,
    instances: world.instances.map((one) => viewOf(one, now)),
    backoff: world.memory.backoff,
    ...(lastProgress !== undefined && { lastProgress }),
  };
}

export function note(world: World, line: string): void {
  world.trace.push(`${(world.now / 1000).toFixed(3)} ${line}`);
}

/** An instance ended by itself or failed: the next of its release waits, each time longer. */
export function rememberFailure(world: World, release: FleetRelease): void {
  const { failures, backoff } = world.memory;
  const count = (failures.get(release.number) ?? 0) + 1;
  failures.set(release.number, count);
  if (count > 1) backoff.set(release.number, world.now + Math.min(8000, 250 * 2 ** count));
}

export function backoffOf(world: World, release: FleetRelease | undefined): number {
  const numbers = release === undefined ? [] : [release.number, ...(release.alike ?? [])];
  return Math.max(0, ...numbers.map((number) => world.memory.backoff.get(number) ?? 0));
}

export function isOfRollout(world: World, one: ModelInstance): boolean {
  const { rollout } = world.desired;
  return rollout !== undefined && isAlike(rollout.to, one.release);
}

/** The controller ends and another one comes: what was recorded and what runs is there, what it remembered is not. */
export function killController(world: World): void {
  note(world, "controller killed");
  world.memory = { failures: new Map(), backoff: new Map() };
  for (const one of world.instances) {
    one.isStopSeen = false;
    // The room for health says of what serves that it is healthy until a check says otherwise; of others nothing.
    const isKept = one.traffic.status === "in" && world.random.chance(0.5);
    one.health = { status: isKept ? "healthy" : "unknown", since: world.now };
    one.looks = onGrid(world.now + world.random.between(100, 1500));
    if (one.traffic.status === "draining") one.traffic = { status: "draining", since: world.now };
  }
}
