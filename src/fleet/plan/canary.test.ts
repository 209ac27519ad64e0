import assert from "node:assert/strict";
import { test } from "node:test";
import type { Rollout } from "../fleet.ts";
import { idle, makeRelease, makeRollout, now, plan, see, serving, stepsOf } from "./plan.fixture.ts";

const stable = makeRelease(1);
const to = makeRelease(2, { update: { strategy: "canary" } });
const start = "start an instance of release 2 (for the rollout)";
const old = serving("a1", "b1", "c1");
const during = (change: Partial<Rollout>) => ({ stable, rollout: makeRollout(to, change) });

test("the canary's instances come first, beside the whole old set", () => {
  assert.deepEqual(stepsOf({ desired: during({}), instances: old }), [start]);
  assert.deepEqual(stepsOf({ desired: during({}), instances: [...old, see("x2", { age: 3000, healthy: 2000 })] }), [
    "switch traffic: in x2",
  ]);
});

test("a canary that serves and is healthy has to stay so for the bake, and then the others are replaced as by rolling", () => {
  const instances = [...old, ...serving("x2")];
  assert.deepEqual(stepsOf({ desired: during({}), instances }), ["record: the rollout is baking"]);
  const baking = plan({ desired: during({ status: "baking", since: now - 9000 }), instances });
  assert.deepEqual(baking.steps, []);
  assert.equal(baking.wake, now + 1000);
  assert.deepEqual(stepsOf({ desired: during({ status: "baking", since: now - 10_000 }), instances }), [
    "record: the rollout is promoting",
    "switch traffic: out c1",
    start,
  ]);
});

test("a canary that turns unhealthy while it bakes begins anew", () => {
  const sick = see("x2", { unhealthy: 10, traffic: "in" });
  assert.deepEqual(stepsOf({ desired: during({ status: "baking" }), instances: [...old, sick] }), [
    "record: the rollout is running",
    "switch traffic: out x2",
    start,
  ]);
});

test("a canary that nobody has judged since a restart neither breaks the bake nor ends it", () => {
  const desired = during({ status: "baking", since: now - 20_000 });
  assert.deepEqual(stepsOf({ desired, instances: [...old, see("x2", { traffic: "in" })] }), []);
});

test("without auto_promote it waits for a person, for ever", () => {
  const rollout = makeRollout(makeRelease(2, { update: { strategy: "canary", autoPromote: false } }), {
    status: "baking",
  });
  const instances = [...old, ...serving("x2")];
  assert.deepEqual(stepsOf({ desired: { stable, rollout }, instances }), ["record: the rollout is awaiting-promotion"]);
  const waiting = { ...rollout, status: "awaiting-promotion" as const, since: 0, started: 0 };
  const waits = plan({ desired: { stable, rollout: waiting }, instances });
  assert.deepEqual(waits, { steps: [], notes: ["the rollout of release 2 waits for somebody to promote it"] });
  const promoted = stepsOf({ desired: { stable, rollout: { ...waiting, isPromoted: true } }, instances });
  assert.equal(promoted[0], "record: the rollout is promoting");
});

test("a canary that is lost while it waits for a person is tried anew, with new time", () => {
  const waiting = during({ status: "awaiting-promotion", since: 0, started: 0 });
  const gone = see("x2", { state: "gone", traffic: "in" });
  assert.deepEqual(stepsOf({ desired: waiting, instances: [...old, gone] }), [
    "switch traffic: out x2",
    "stop x2 (lost)",
    "record: the rollout is running",
    start,
  ]);
  assert.deepEqual(stepsOf({ desired: waiting, instances: old }), ["record: the rollout is running", start]);
});

test("a promotion by a person ends the bake", () => {
  const desired = during({ status: "baking", since: now, isPromoted: true });
  assert.equal(stepsOf({ desired, instances: [...old, ...serving("x2")] })[0], "record: the rollout is promoting");
});

test("a rollback skips the canary and the bake", () => {
  const desired = during({ kind: "rollback" });
  assert.deepEqual(stepsOf({ desired, instances: [...old, ...idle("x2")] }), ["switch traffic: in x2, out c1", start]);
});
