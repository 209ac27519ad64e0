import assert from "node:assert/strict";
import { test } from "node:test";
import { idle, makeRelease, makeRollout, makeUnaddressed, now, plan, see, serving, stepsOf } from "./plan.fixture.ts";

const before = makeRelease(1);
const stable = makeRelease(2);
const warm = { release: before, since: now - 59_999 };
const set = serving("x2", "y2", "z2");

test("the old set is kept without traffic for scale_down_delay, and then ends", () => {
  const kept = plan({ desired: { stable, warm }, instances: [...set, ...idle("a1", "b1", "c1")] });
  assert.deepEqual(kept, { steps: [], notes: [], wake: now + 1 });
  const over = { ...warm, since: now - 60_000 };
  assert.deepEqual(stepsOf({ desired: { stable, warm: over }, instances: [...set, ...idle("a1", "b1")] }), [
    "stop b1 (replaced)",
    "stop a1 (replaced)",
  ]);
});

test("a warm instance that turns unhealthy ends, and nothing is started in its place", () => {
  const instances = [...set, ...idle("a1", "b1"), see("c1", { unhealthy: 10 })];
  assert.deepEqual(stepsOf({ desired: { stable, warm }, instances }), ["stop c1 (failed-start)"]);
});

test("a warm set whose image is revoked is not kept", () => {
  const desired = { stable, warm, revoked: new Set([before.image]) };
  assert.deepEqual(stepsOf({ desired, instances: [...set, ...idle("a1")] }), ["stop a1 (replaced)"]);
});

test("while it rolls, old instances that have left are kept for the way back, unless no delay is wanted", () => {
  const instances = [...serving("a1", "b1", "x2"), ...idle("c1"), see("y2", { age: 10 })];
  assert.deepEqual(stepsOf({ desired: { stable: before, rollout: makeRollout(stable) }, instances }), []);
  const prompt = makeRelease(2, { update: { scaleDownDelay: 0 } });
  assert.deepEqual(stepsOf({ desired: { stable: before, rollout: makeRollout(prompt) }, instances }), [
    "stop c1 (replaced)",
  ]);
});

test("inside scale_down_delay a rollback is one switch, though max_parallel is one", () => {
  const back = makeRelease(3, { image: before.image, alike: [1] });
  const desired = { stable, rollout: makeRollout(back, { kind: "rollback", status: "pending" }) };
  assert.deepEqual(stepsOf({ desired, instances: [...set, ...idle("a1", "b1", "c1")] }), [
    "record: the rollout is running",
    "switch traffic: in a1 b1 c1, out x2 y2 z2",
  ]);
  const left = ["x2", "y2", "z2"].map((id) => see(id, { healthy: 9, traffic: "draining", since: 10 }));
  const switched = { stable, rollout: makeRollout(back, { kind: "rollback" }) };
  assert.deepEqual(stepsOf({ desired: switched, instances: [...serving("a1", "b1", "c1"), ...left] }), [
    "record: the rollout succeeded",
  ]);
});

test("what a rollback left is not kept warm", () => {
  const drained = ["x2", "y2"].map((id) => see(id, { healthy: 9, traffic: "draining", sessions: 0 }));
  const steps = stepsOf({ desired: { stable: before }, instances: [...serving("a1", "b1", "c1"), ...drained] });
  assert.deepEqual(steps, ["stop x2 (cancelled)", "stop y2 (cancelled)"]);
});

test("without traffic nothing is kept warm: two sets would do the same work", () => {
  const desired = { stable: makeUnaddressed(2), warm: { release: makeUnaddressed(1), since: now } };
  assert.deepEqual(stepsOf({ desired, instances: idle("x2", "y2", "z2", "a1") }), ["stop a1 (replaced)"]);
});
