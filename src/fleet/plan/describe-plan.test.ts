import assert from "node:assert/strict";
import { test } from "node:test";
import { printPlan } from "./describe-plan.ts";
import { makeRelease, makeRollout, now, plan, serving } from "./plan.fixture.ts";

test("a plan is a line a step, and starts that are alike are one line", () => {
  const rollout = makeRollout(makeRelease(2, { spec: { replicas: 1000 } }), {
    status: "pending",
    started: now,
    since: now,
  });
  assert.deepEqual(printPlan(plan({ desired: { rollout } }), now), [
    "record: the rollout is running",
    "start 1000 instances of release 2 (for the rollout)",
    "looked at again in 300 s, or when something happens",
  ]);
});

test("a plan without steps says so, and what stands in the way", () => {
  const stable = makeRelease(1);
  const nothing = plan({ desired: { stable, revoked: new Set([stable.image]) }, instances: serving("a1") });
  assert.deepEqual(printPlan(nothing, now), [
    "nothing is to be done",
    "note: release 1 has no image that may run: it is revoked; what runs is kept",
  ]);
});
