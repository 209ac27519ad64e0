import assert from "node:assert/strict";
import { test } from "node:test";
import type { Rollout, Step } from "../fleet.ts";
import { idle, makeRelease, makeRollout, now, plan, see, serving, stepsOf, type Given } from "./plan.fixture.ts";

const stable = makeRelease(1);
const to = makeRelease(2);
const old = serving("a1", "b1", "c1");
const late: Partial<Rollout> = { since: now - 300_000, started: now - 300_000 };

function factOf(given: Given): Extract<Step, { kind: "record" }>["fact"] | undefined {
  return plan(given).steps.flatMap((step) => (step.kind === "record" ? [step.fact] : []))[0];
}

test("progress_deadline after the last progress a rollout has failed, and the release before is to come back", () => {
  const desired = { stable, rollout: makeRollout(to, late) };
  const failed = factOf({ desired, instances: old });
  assert.ok(failed?.kind === "failed" && failed.revert);
  assert.equal(
    failed.why,
    "0 of 3 instances of release 2 were healthy, and none became so in time (progress_deadline 300 s)",
  );
  assert.equal(factOf({ desired, instances: old, lastProgress: now - 299_999 }), undefined);
  assert.equal(factOf({ desired, instances: old, now: now - 1 }), undefined);
});

test("the plan wakes exactly at the deadline", () => {
  const rollout = makeRollout(to, { since: now - 1000, started: now - 1000 });
  const waits = plan({ desired: { stable, rollout }, instances: [...old, see("x2", { age: 1000, unhealthy: 1 })] });
  assert.equal(waits.wake, now + 59_000);
  const patient = makeRollout(makeRelease(2, { update: { healthyDeadline: 900_000 } }), { since: now, started: now });
  assert.equal(
    plan({ desired: { stable, rollout: patient }, instances: [...old, see("x2", { age: 1 })] }).wake,
    now + 300_000,
  );
});

test("a controller that forgot the last progress sees it in the instances that serve", () => {
  const admitted = see("x2", { healthy: 10, traffic: "in", since: 1000 });
  assert.equal(
    factOf({ desired: { stable, rollout: makeRollout(to, late) }, instances: [...serving("a1", "b1"), admitted] }),
    undefined,
  );
});

test("instances that come and go are progress for a while, not for ever", () => {
  const rollout = makeRollout(to, { since: now - 1_220_000, started: now - 1_220_000 });
  assert.equal(factOf({ desired: { stable, rollout }, instances: old, lastProgress: now })?.kind, "failed");
});

test("deadlines hold in every phase that waits for instances: also while it bakes and when it is promoted", () => {
  const canary = makeRelease(2, { update: { strategy: "canary" } });
  for (const status of ["running", "promoting"] as const)
    assert.equal(
      factOf({ desired: { stable, rollout: makeRollout(canary, { ...late, status }) }, instances: old })?.kind,
      "failed",
    );
  const unjudged = [...old, see("x2", { traffic: "in" })];
  const baking = makeRollout(canary, { status: "baking", since: now - 310_000, started: now - 310_000 });
  assert.equal(factOf({ desired: { stable, rollout: baking }, instances: unjudged })?.kind, "failed");
});

test("a rollback or revert that fails is not rolled back", () => {
  for (const kind of ["rollback", "revert"] as const) {
    const failed = factOf({ desired: { stable, rollout: makeRollout(to, { ...late, kind }) }, instances: old });
    assert.ok(failed?.kind === "failed" && !failed.revert);
  }
});

test("nothing is reverted without auto_revert, without a stable release, or to one that may not run", () => {
  const rollout = makeRollout(to, late);
  const never = makeRollout(makeRelease(2, { update: { autoRevert: false } }), late);
  const revoked = new Set([stable.image]);
  for (const desired of [{ stable, rollout: never }, { rollout }, { stable, rollout, revoked }]) {
    const failed = factOf({ desired });
    assert.ok(failed?.kind === "failed" && !failed.revert);
  }
});

test("a rollout whose image is revoked or put into quarantine has failed, even while it is paused", () => {
  for (const list of ["revoked", "quarantined"] as const)
    for (const status of ["running", "paused"] as const) {
      const desired = { stable, rollout: makeRollout(to, { status }), [list]: new Set([to.image]) };
      assert.equal(factOf({ desired, instances: old })?.kind, "failed");
    }
});

test("what ends a rollout ends the plan, but a condemned instance does not wait for the record", () => {
  const drifted = see("c1", { healthy: 9, traffic: "in", condemned: { why: "drift", since: now } });
  const desired = { stable, rollout: makeRollout(to, late) };
  const steps = plan({ desired, instances: [...serving("a1", "b1"), drifted] }).steps.map(({ kind }) => kind);
  assert.deepEqual(steps, ["switch", "stop", "record"]);
});

test("after a failure the old set serves again before the bad instances leave, and then those end", () => {
  const desired = { stable, quarantined: new Set([to.image]) };
  assert.deepEqual(stepsOf({ desired, instances: [...serving("a1", "x2", "y2"), ...idle("b1", "c1")] }), [
    "switch traffic: in b1 c1, out x2 y2",
  ]);
  assert.deepEqual(stepsOf({ desired, instances: [...old, ...idle("x2", "y2")] }), [
    "stop x2 (quarantined)",
    "stop y2 (quarantined)",
  ]);
});

test("a revert by a release of its own finds the stable instances, and starts only what is missing, all at once", () => {
  const revert = makeRelease(3, { image: stable.image, alike: [1] });
  const desired = { stable: { ...stable, alike: [3] }, rollout: makeRollout(revert, { kind: "revert" }) };
  assert.deepEqual(stepsOf({ desired, instances: [...serving("a1", "x2", "y2")] }), [
    "start an instance of release 3 (for the rollout)",
    "start an instance of release 3 (for the rollout)",
  ]);
  assert.deepEqual(stepsOf({ desired, instances: old }), ["record: the rollout succeeded"]);
});

test("a paused rollout starts, stops and admits nothing of its own, and no deadline runs", () => {
  const desired = { stable, rollout: makeRollout(to, { ...late, status: "paused" }) };
  const instances = [...old, ...idle("x2"), see("y2", { age: 90_000, unhealthy: 80_000 })];
  const paused = plan({ desired, instances });
  assert.deepEqual(paused, {
    steps: [],
    notes: ["the rollout of release 2 is paused: nothing is started or stopped for it"],
  });
});

test("while a rollout is paused lost stable instances come back and drifted ones end", () => {
  const desired = { stable, rollout: makeRollout(to, { status: "paused" }) };
  const drifted = see("c1", { healthy: 9, traffic: "in", condemned: { why: "drift", since: now } });
  assert.deepEqual(stepsOf({ desired, instances: [...serving("a1", "b1"), drifted] }), [
    "switch traffic: out c1",
    "stop c1 (drift)",
    "start an instance of release 1 (in place of one that drifted)",
  ]);
  assert.deepEqual(stepsOf({ desired, instances: serving("a1", "x2") }), [
    "start an instance of release 1 (one is missing)",
  ]);
});

test("while the image is made ready the rollout is pending: nothing of it is started, no deadline runs, and what is lost comes back", () => {
  const desired = { stable, rollout: makeRollout(to, { ...late, status: "pending" }) };
  const waiting = plan({ desired, instances: old, isPreparing: true });
  assert.deepEqual(waiting, { steps: [], notes: ["release 2 is not begun: its image is being made ready"] });
  assert.deepEqual(stepsOf({ desired, instances: serving("a1", "b1"), isPreparing: true }), [
    "start an instance of release 1 (one is missing)",
  ]);
  assert.deepEqual(factOf({ desired, instances: old }), { kind: "moved", rollout: 77, to: "running" });
});

test("no deadline runs while nobody looks: a rollout that a night without the machine is in the middle of goes on", () => {
  const night: Partial<Rollout> = { since: now - 40_000_000, started: now - 40_000_000 };
  const canary = makeRelease(2, { update: { strategy: "canary" } });
  const unjudged = [...old, see("x2", { traffic: "in" })];
  const rollouts = [
    { desired: { stable, rollout: makeRollout(to, night) }, instances: old },
    { desired: { stable, rollout: makeRollout(canary, { ...night, status: "baking" }) }, instances: unjudged },
  ];
  for (const given of rollouts) {
    assert.equal(factOf(given)?.kind, "failed");
    assert.notEqual(factOf({ ...given, began: now - 1000 })?.kind, "failed");
    assert.equal(factOf({ ...given, began: now - 300_000 })?.kind, "failed");
  }
});
