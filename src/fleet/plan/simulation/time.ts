import { hasTraffic } from "../standing.ts";
import { isAlike } from "../scene.ts";
import { isWorking, lag, type ModelInstance } from "./model-instance.ts";
import { isOfRollout, note, rememberFailure, type World } from "./world.ts";

/** The next moment at which something happens that the controller sees; `Infinity`: never. */
export function nextMoment(world: World): number {
  let next = Infinity;
  for (const one of world.instances) next = Math.min(next, ...momentsOf(one, world.now).filter((at) => at > world.now));
  return next;
}

/** Lets time pass, up to the next thing that can be seen. */
export function passTime(world: World, until: number): void {
  world.now = until;
  for (const one of world.instances) {
    if (one.stops !== undefined && one.stops <= until) endInstance(world, one);
    else if (!one.isGone && one.dies <= until) dieInstance(world, one);
    else if (!one.isGone && one.looks <= until) lookAt(world, one);
  }
  world.instances = world.instances.filter((one) => !(one.isGone && one.isStopSeen && one.stops !== undefined));
}

function momentsOf(one: ModelInstance, now: number): readonly number[] {
  if (one.isGone) return [];
  const drained = one.traffic.status === "draining" && one.drained > now ? one.drained : Infinity;
  return [one.starts > now ? one.starts : Infinity, one.dies, one.looks, one.stops ?? Infinity, drained];
}

function endInstance(world: World, one: ModelInstance): void {
  if (one.isGone) return;
  note(world, `${one.id} is stopped`);
  one.isGone = true;
}

function dieInstance(world: World, one: ModelInstance): void {
  note(world, `${one.id} ends by itself`);
  one.isGone = true;
  if (one.stops === undefined) rememberFailure(world, one.release);
}

function lookAt(world: World, one: ModelInstance): void {
  const status = isWorking(one, world.now) ? "healthy" : "unhealthy";
  if (status !== one.health.status) {
    one.hasRelapsed ||= one.hasProven && status === "unhealthy";
    one.health = { status, since: world.now };
    if (status === "healthy" && isOfRollout(world, one)) world.memory = { ...world.memory, lastProgress: world.now };
    note(world, `${one.id} is ${status}`);
  }
  one.looks = Math.min(
    ...one.changes.filter((change) => change + lag > world.now).map((change) => change + lag),
    Infinity,
  );
}

/** What the check of the model holds against the plan: an instance that was ever healthy for as long as it has to be. */
export function noteProof(world: World): void {
  for (const one of world.instances)
    // What is being stopped proves nothing any more, though a controller that was killed meanwhile has forgotten that.
    if (!one.hasProven && one.stops === undefined && one.health.status === "healthy")
      one.hasProven = isProven(world, one);
}

function isProven(world: World, one: ModelInstance): boolean {
  const { stable, rollout } = world.desired;
  // An instance of a third release is given the times of what is to run, as those of the rollout's are.
  const target = rollout?.to ?? stable ?? one.release;
  const wait = isAlike(one.release, stable)
    ? 0
    : Math.min(one.release.spec.update.minHealthyTime, target.spec.update.minHealthyTime);
  return world.now >= one.health.since + wait;
}

/** Whether an instance serves as far as was seen. */
export function isServing(one: ModelInstance): boolean {
  if (one.isGone || one.isFrozen || (one.stops !== undefined && one.isStopSeen)) return false;
  if (one.condemned?.why === "drift" || one.health.status === "unhealthy") return false;
  return hasTraffic(one.release.spec) ? one.traffic.status === "in" : one.hasProven;
}
