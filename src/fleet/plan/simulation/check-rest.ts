import assert from "node:assert/strict";
import type { Plan } from "../../fleet.ts";
import { whyNotStarted } from "../may-start.ts";
import { planService } from "../plan-service.ts";
import { isAlike } from "../scene.ts";
import { tellStep } from "../describe-plan.ts";
import { isServing } from "./time.ts";
import { backoffOf, situationOf, type World } from "./world.ts";

/** While there is nothing to do: nothing serves that must not, nothing is missing that could be started, and a rollout is within its time. */
export function checkIdle(world: World, plan: Plan): void {
  assert.ok(plan.wake === undefined || plan.wake > world.now, "the plan wakes in the past");
  for (const one of world.instances) {
    const mustNotServe = one.isGone || one.isFrozen || one.condemned?.why === "drift";
    assert.ok(!mustNotServe || one.traffic.status !== "in", `${one.id} must not serve and does`);
    assert.ok(!mustNotServe || one.stops !== undefined, `${one.id} is left as it is`);
  }
  checkMissing(world);
  checkInTime(world);
}

/** Before it wakes, and if nothing happens, there is nothing to do. */
export function checkNothingMissed(world: World, until: number): void {
  const between = world.now + Math.floor((until - world.now) * world.random.next());
  const { steps } = planService(situationOf(world, between));
  const missed = steps.map(tellStep).join("; ");
  assert.equal(
    missed,
    "",
    `there was something to do at ${between / 1000}, before it would have been looked at: ${missed}`,
  );
}

/** The end of all: exactly the stable release runs, all of it in traffic. */
export function checkSettled(world: World): void {
  const { stable, rollout } = world.desired;
  assert.equal(rollout, undefined, "a rollout is still open");
  const living = world.instances.filter((one) => !one.isGone || one.stops === undefined);
  if (stable !== undefined && whyNotStarted(stable, world.desired) !== undefined) return;
  const strangers = living.filter((one) => !isAlike(one.release, stable));
  assert.deepEqual(
    strangers.map(({ id }) => id),
    [],
    "instances that belong to nobody",
  );
  assert.equal(living.length, stable?.spec.replicas ?? 0, "as many live as are wanted");
  assert.equal(living.filter(isServing).length, stable?.spec.replicas ?? 0, "as many serve as are wanted");
}

function checkMissing(world: World): void {
  const { stable, rollout } = world.desired;
  if (stable === undefined || whyNotStarted(stable, world.desired) !== undefined) return;
  if ([stable, rollout?.to].some((release) => backoffOf(world, release) > world.now)) return;
  const living = world.instances.filter(
    (one) => !one.isGone && !(one.stops !== undefined && one.isStopSeen) && one.condemned?.why !== "drift",
  );
  const least = Math.min(stable.spec.replicas, rollout?.to.spec.replicas ?? Infinity);
  assert.ok(living.length >= least, `${living.length} live, ${least} are wanted, and nothing is done`);
}

/** A rollout that waits for nobody ends within what its deadlines allow, whatever happens. */
function checkInTime({ desired: { rollout }, now }: World): void {
  if (rollout === undefined || rollout.status === "paused" || rollout.status === "awaiting-promotion") return;
  const { progressDeadline, maxParallel, bake } = rollout.to.spec.update;
  const batches = Math.ceil(rollout.to.spec.replicas / maxParallel);
  const most = (batches + 2) * progressDeadline + 4 * bake + 1000;
  assert.ok(
    now - rollout.started <= most,
    `a rollout takes ${(now - rollout.started) / 1000} s, at most ${most / 1000}`,
  );
}
