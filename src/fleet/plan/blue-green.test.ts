import assert from "node:assert/strict";
import { test } from "node:test";
import type { Rollout } from "../fleet.ts";
import { idle, makeRelease, makeRollout, now, see, serving, stepsOf } from "./plan.fixture.ts";

const stable = makeRelease(1);
const to = makeRelease(2, { update: { strategy: "blue-green" } });
const start = "start an instance of release 2 (for the rollout)";
const old = serving("a1", "b1", "c1");
const during = (change: Partial<Rollout>) => ({ stable, rollout: makeRollout(to, change) });

test("the whole new set starts beside the old one, and gets no traffic while it bakes", () => {
  assert.deepEqual(stepsOf({ desired: during({}), instances: old }), [start, start, start]);
  assert.deepEqual(stepsOf({ desired: during({}), instances: [...old, ...idle("x2", "y2", "z2")] }), [
    "record: the rollout is baking",
  ]);
  const baking = during({ status: "baking", since: now - 9999 });
  assert.deepEqual(stepsOf({ desired: baking, instances: [...old, ...idle("x2", "y2", "z2")] }), []);
});

test("after the bake all traffic goes over in one switch", () => {
  const desired = during({ status: "baking", since: now - 10_000 });
  assert.deepEqual(stepsOf({ desired, instances: [...old, ...idle("x2", "y2", "z2")] }), [
    "record: the rollout is promoting",
    "switch traffic: in x2 y2 z2, out a1 b1 c1",
  ]);
});

test("where the controller was killed after the record and before the switch, the switch is made", () => {
  const desired = during({ status: "promoting" });
  assert.deepEqual(stepsOf({ desired, instances: [...old, ...idle("x2", "y2", "z2")] }), [
    "switch traffic: in x2 y2 z2, out a1 b1 c1",
  ]);
});

test("a new set that breaks while it bakes is made whole, and bakes anew", () => {
  const desired = during({ status: "baking" });
  assert.deepEqual(stepsOf({ desired, instances: [...old, ...idle("x2", "y2")] }), [
    "record: the rollout is running",
    start,
  ]);
});

test("what a promotion finds incomplete is switched once it is whole", () => {
  const desired = during({ status: "promoting" });
  assert.deepEqual(stepsOf({ desired, instances: [...old, ...idle("x2", "y2")] }), [start]);
});

test("after the switch a lost instance is replaced by one of the new release, and the old set stays out", () => {
  const desired = during({ status: "promoting" });
  assert.deepEqual(stepsOf({ desired, instances: [...serving("x2", "y2"), ...idle("a1", "b1", "c1")] }), [start]);
  assert.deepEqual(stepsOf({ desired, instances: [...serving("x2", "y2"), ...idle("z2", "a1", "b1", "c1")] }), [
    "switch traffic: in z2",
  ]);
});

test("where all of the new set fails after the switch, the warm old set serves again", () => {
  const sick = ["x2", "y2", "z2"].map((id) => see(id, { unhealthy: 10, traffic: "in" }));
  const desired = during({ status: "promoting" });
  const [first] = stepsOf({ desired, instances: [...sick, ...idle("a1", "b1", "c1")] });
  assert.equal(first, "switch traffic: in a1 b1 c1, out x2 y2 z2");
});
