import assert from "node:assert/strict";
import type { InstanceId } from "../../../runtime/runtime.ts";
import type { Plan, RolloutFact, Step } from "../../fleet.ts";
import { isAlike } from "../scene.ts";
import { hasTraffic } from "../standing.ts";
import type { ModelInstance } from "./model-instance.ts";
import { isServing } from "./time.ts";
import { backoffOf, isOfRollout, type World } from "./world.ts";

/** Nothing starts of an image that may not run, nothing for a paused rollout, and never more than a strategy may have. */
export function checkStart(world: World, { release }: Extract<Step, { kind: "start" }>): void {
  const { desired } = world;
  const { stable, rollout } = desired;
  assert.ok(!desired.quarantined.has(release.image), `release ${release.number} is in quarantine and is started`);
  assert.ok(!desired.revoked.has(release.image), `release ${release.number} is revoked and is started`);
  const isStable = isAlike(release, stable);
  const isNew = rollout !== undefined && isAlike(release, rollout.to);
  assert.ok(isStable || isNew, `release ${release.number} is neither stable nor the rollout's`);
  if (isNew && !isStable) checkNewStart(world);
  checkSurge(world);
}

/** What failed too often waits. */
export function checkBackoff(world: World, { steps }: Plan): void {
  for (const step of steps) {
    const until = step.kind === "start" ? backoffOf(world, step.release) : 0;
    assert.ok(until <= world.now, "an instance is started before its backoff is over");
  }
}

/** Nobody leaves traffic by a step of ours but for another one, beyond what is wanted, or since it must not serve. */
export function checkSwitch(world: World, { admit, drain }: Extract<Step, { kind: "switch" }>): void {
  const before = world.instances.filter(isServing);
  for (const id of admit) {
    const one = findInstance(world, id);
    assert.ok(!one.isGone && !one.isFrozen && one.condemned === undefined, `${id} must not serve`);
    assert.equal(one.health.status, "healthy", `${id} gets traffic and is not healthy`);
    assert.ok(one.hasProven || one.stops !== undefined, `${id} gets traffic before min_healthy_time`);
    assert.ok(!drain.includes(id), `${id} gets traffic and loses it`);
    assert.ok(
      !(isOfRollout(world, one) && !isAlike(one.release, world.desired.stable)) ||
        world.desired.rollout?.status !== "paused",
      `${id} gets traffic for a paused rollout`,
    );
  }
  for (const id of drain) assert.equal(findInstance(world, id).traffic.status, "in", `${id} had no traffic`);
  const after = before.filter((one) => !drain.includes(one.id)).length + admit.length;
  checkServing(world, before.length, after);
}

/** Nobody is stopped that serves, or that has requests, unless it must not serve. */
export function checkStop(world: World, { id }: Extract<Step, { kind: "stop" }>): ModelInstance {
  const one = findInstance(world, id);
  assert.ok(one.stops === undefined || !one.isStopSeen, `${id} is stopped twice`);
  if (one.isGone || one.isFrozen || one.condemned?.why === "drift") return one;
  if (hasTraffic(one.release.spec)) {
    assert.notEqual(one.traffic.status, "in", `${id} is stopped in traffic`);
    const { stable, rollout, warm } = world.desired;
    const drain = Math.max(0, ...[stable, rollout?.to, warm?.release].map((release) => release?.spec.drain ?? 0));
    const isDrained =
      one.traffic.status === "out" || world.now >= one.drained || world.now >= one.traffic.since + drain;
    assert.ok(isDrained, `${id} is stopped with requests under way`);
  } else {
    const before = world.instances.filter(isServing).length;
    checkServing(world, before, before - (isServing(one) ? 1 : 0));
  }
  return one;
}

/** One rollout at a time, each status in its order, each end once. */
export function checkFact(world: World, fact: RolloutFact): void {
  const { rollout } = world.desired;
  assert.equal(fact.rollout, rollout?.id, `a fact about a rollout that is not open: ${JSON.stringify(fact)}`);
  if (rollout === undefined) return;
  if (fact.kind === "succeeded") checkSuccess(world);
  if (fact.kind === "failed") assert.ok(!fact.revert || rollout.kind === "deploy", "what goes back is gone back from");
  if (fact.kind !== "moved") return;
  const next: Readonly<Record<string, readonly string[]>> = {
    pending: ["running"],
    running: ["baking", "promoting"],
    baking: ["running", "awaiting-promotion", "promoting"],
    "awaiting-promotion": ["running", "promoting"],
    promoting: [],
    paused: [],
  };
  assert.ok(next[rollout.status]?.includes(fact.to), `a rollout goes from ${rollout.status} to ${fact.to}`);
}

/** The end of a rollout that went well: all of the new release serve, and nobody else does. */
function checkSuccess(world: World): void {
  const serving = world.instances.filter(isServing);
  const replicas = world.desired.rollout?.to.spec.replicas;
  assert.equal(serving.length, replicas, "a rollout succeeds, and others serve than it wanted");
  assert.ok(
    serving.every((one) => isOfRollout(world, one)),
    "a rollout succeeds while an old instance serves",
  );
}

/** How many are to serve at least: the smaller of both numbers while one release replaces another. */
export function floorOf({ desired: { stable, rollout } }: World): number {
  const numbers = [stable, rollout?.to].flatMap((release) => (release === undefined ? [] : [release.spec.replicas]));
  return numbers.length === 0 ? 0 : Math.min(...numbers);
}

function checkServing(world: World, before: number, after: number): void {
  const least = Math.min(before, floorOf(world));
  assert.ok(after >= least, `${after} serve after a step, ${before} did before it, and ${floorOf(world)} are to`);
}

function checkNewStart(world: World): void {
  const { rollout, stable } = world.desired;
  if (rollout === undefined) return;
  assert.notEqual(rollout.status, "paused", "an instance is started for a paused rollout");
  const { strategy, maxParallel, canary } = rollout.to.spec.update;
  const most = stable === undefined || strategy === "blue-green" ? rollout.to.spec.replicas : maxParallel;
  const cap = strategy === "canary" ? Math.max(canary, most) : most;
  const unproven = world.instances.filter(
    (one) => isOfRollout(world, one) && isHopeful(world, one) && !isServing(one) && !one.hasProven,
  );
  assert.ok(
    unproven.length < cap,
    `${unproven.length + 1} of the new release are unproven at once, at most ${cap} may be`,
  );
}

/** Those that are or may become of use: of both releases together at most the larger number, those that are tried, and those that are kept warm. Third releases count as what they replace. */
function checkSurge(world: World): void {
  const { stable, rollout } = world.desired;
  const old = stable?.spec.replicas ?? 0;
  const target = rollout?.to.spec.replicas ?? old;
  const update = rollout?.to.spec.update;
  const isOwn = rollout === undefined || isAlike(rollout.to, stable);
  const tried =
    update === undefined ? 0 : Math.max(update.maxParallel, update.strategy === "canary" ? update.canary : 0);
  const isDouble = update !== undefined && (update.strategy === "blue-green" || update.scaleDownDelay > 0);
  const most = Math.max(old, target) + (isOwn ? 0 : tried) + (isDouble ? Math.min(old, target) : 0);
  const own = world.instances.filter(
    (one) =>
      isHopeful(world, one) &&
      one.traffic.status !== "draining" &&
      (isAlike(one.release, stable) || (rollout !== undefined && isAlike(one.release, rollout.to))),
  );
  // A rollout that was to raise the number, and was taken over, leaves more than the stable release asks for.
  const left = isOwn ? 0 : Math.max(0, own.filter((one) => isAlike(one.release, stable)).length - old);
  assert.ok(own.length < most + left, `${own.length + 1} instances, at most ${most} may be`);
}

function isHopeful({ now }: World, one: ModelInstance): boolean {
  if (one.isGone || one.isFrozen || one.condemned !== undefined || one.stops !== undefined || one.hasRelapsed)
    return false;
  // Where nobody remembers who serves, it shows only after a look at each.
  if (!hasTraffic(one.release.spec) && one.health.status === "unknown") return false;
  if (now >= one.started + one.release.spec.update.healthyDeadline && one.health.status === "unhealthy") return false;
  return one.health.status !== "unhealthy" || !(one.traffic.status === "in" || one.hasProven);
}

function findInstance(world: World, id: InstanceId): ModelInstance {
  const found = world.instances.find((one) => one.id === id);
  assert.ok(found, `there is no instance ${id}`);
  return found;
}
