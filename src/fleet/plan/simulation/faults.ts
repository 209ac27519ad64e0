import type { ModelInstance } from "./model-instance.ts";
import { note, type World } from "./world.ts";

/** Something befalls one instance. */
export function strikeInstance(world: World): void {
  const living = world.instances.filter((one) => !one.isGone && one.stops === undefined);
  const [first, ...others] = living;
  if (first === undefined) return;
  const one = world.random.pick([first, ...others]);
  world.random.pick([endSoon, endSoon, findDrift, freeze, enter] as const)(world, one);
}

/** An image may not run any more: what runs of it is condemned. */
export function revokeSomething(world: World): void {
  const running = world.instances.find((one) => !one.isGone);
  if (running === undefined) return;
  const { image } = running.release;
  note(world, `the image of release ${running.release.number} is revoked`);
  world.desired = { ...world.desired, revoked: new Set([...world.desired.revoked, image]) };
  for (const one of world.instances)
    if (one.release.image === image && !one.isGone) one.condemned ??= { why: "revoked", since: world.now };
}

/** It ends by itself, or is destroyed from outside. */
function endSoon(world: World, one: ModelInstance): void {
  one.dies = world.now + 1;
}

/** The guard found something, froze it, and told the controller. */
function findDrift(world: World, one: ModelInstance): void {
  note(world, `drift in ${one.id}`);
  one.condemned = { why: "drift", since: world.now };
  one.isFrozen = world.random.chance(0.7);
}

/** The guard froze it, and the controller knows no more yet. */
function freeze(world: World, one: ModelInstance): void {
  note(world, `${one.id} is frozen`);
  one.isFrozen = true;
}

function enter(world: World, one: ModelInstance): void {
  note(world, `a person ran something in ${one.id}`);
  one.condemned = { why: "debugged", since: world.now };
}
