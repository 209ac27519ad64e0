import assert from "node:assert/strict";
import { test } from "node:test";
import { idle, makeRelease, makeRollout, makeUnaddressed, now, plan, see, serving, stepsOf } from "./plan.fixture.ts";

const stable = makeRelease(1);
const to = makeRelease(2);
const start = "start an instance of release 2 (for the rollout)";
const running = { stable, rollout: makeRollout(to, { from: stable }) };
const old = serving("a1", "b1", "c1");

test("the first release replaces nobody, so all of its instances start at once", () => {
  const rollout = makeRollout(stable, { status: "pending" });
  assert.deepEqual(stepsOf({ desired: { rollout } }), [
    "record: the rollout is running",
    ...Array.from({ length: 3 }, () => "start an instance of release 1 (for the rollout)"),
  ]);
});

test("at most max_parallel instances of the new release are unproven at once", () => {
  const waits = [...old, see("x2", { age: 1000 })];
  assert.deepEqual(stepsOf({ desired: running, instances: old }), [start]);
  assert.deepEqual(stepsOf({ desired: running, instances: waits }), []);
  const two = { stable, rollout: makeRollout(makeRelease(2, { update: { maxParallel: 2 } })) };
  assert.deepEqual(stepsOf({ desired: two, instances: old }), [start, start]);
  assert.deepEqual(stepsOf({ desired: two, instances: waits }), [start]);
});

test("an instance that was healthy for min_healthy_time is admitted, and an old one leaves in the same move", () => {
  const proven = see("x2", { age: 5000, healthy: 2000 });
  const steps = stepsOf({ desired: running, instances: [...old, proven] });
  assert.deepEqual(steps, ["switch traffic: in x2, out c1", start]);
  const early = plan({ desired: running, instances: [...old, see("x2", { age: 5000, healthy: 1999 })] });
  assert.deepEqual(early.steps, []);
  assert.equal(early.wake, now + 1);
});

test("an unhealthy old instance leaves before a healthy one", () => {
  const instances = [see("a1", { unhealthy: 10, traffic: "in" }), ...serving("b1", "c1"), ...idle("x2")];
  assert.equal(stepsOf({ desired: running, instances })[0], "switch traffic: in x2, out a1");
});

test("whoever was killed between the switch and what follows goes on from what is there", () => {
  const instances = [...serving("a1", "b1", "x2"), see("c1", { healthy: 9000, traffic: "draining", since: 10 })];
  assert.deepEqual(stepsOf({ desired: running, instances }), [start]);
});

test("an instance that was started and then forgotten is found, and no other one starts for it", () => {
  assert.deepEqual(stepsOf({ desired: running, instances: [...old, see("x2", { age: 30_000, unknown: 5 })] }), []);
});

test("a rollout has succeeded once all of the new release serve, are known to be healthy, and nobody else serves", () => {
  const done = serving("x2", "y2", "z2");
  assert.deepEqual(stepsOf({ desired: running, instances: [...done, ...idle("a1", "b1", "c1")] }), [
    "record: the rollout succeeded",
  ]);
  assert.deepEqual(stepsOf({ desired: running, instances: [...done, ...serving("a1")] }), ["switch traffic: out a1"]);
  const unjudged = [...serving("x2", "y2"), see("z2", { traffic: "in" })];
  assert.deepEqual(stepsOf({ desired: running, instances: unjudged }), []);
});

test("an instance that ended by itself or is not healthy by healthy_deadline is replaced by another of the same release, after its backoff", () => {
  const late = see("x2", { age: 60_000, unhealthy: 50_000 });
  const gone = see("x2", { age: 500, state: "gone" });
  assert.deepEqual(stepsOf({ desired: running, instances: [...old, late] }), ["stop x2 (failed-start)", start]);
  assert.deepEqual(stepsOf({ desired: running, instances: [...old, gone] }), ["stop x2 (lost)", start]);
  const backoff = new Map([[2, now + 4000]]);
  assert.deepEqual(stepsOf({ desired: running, instances: [...old, gone], backoff }), ["stop x2 (lost)"]);
});

test("an old instance that is lost comes back from the stable release while the new one is not proven", () => {
  const instances = [...serving("a1", "b1"), see("x2", { age: 1000 })];
  assert.deepEqual(stepsOf({ desired: running, instances }), ["start an instance of release 1 (one is missing)"]);
});

test("when a new instance fails after it was admitted, a warm old one serves again", () => {
  const instances = [...serving("a1", "b1"), see("x2", { unhealthy: 10, traffic: "in" }), ...idle("c1")];
  assert.deepEqual(stepsOf({ desired: running, instances }), ["switch traffic: in c1, out x2", start]);
});

test("a newer release takes over what runs: instances of a third one serve until they are replaced, and then end", () => {
  const rollout = makeRollout(makeRelease(3));
  const instances = [...serving("a1", "x2", "y2"), ...idle("b1", "p3")];
  assert.equal(stepsOf({ desired: { stable, rollout }, instances })[0], "switch traffic: in p3, out y2");
  const later = [...serving("a1", "x2", "p3"), see("y2", { healthy: 9, traffic: "draining", sessions: 0 })];
  assert.ok(stepsOf({ desired: { stable, rollout }, instances: later }).includes("stop y2 (replaced)"));
});

test("another number of the same instances replaces nobody: some start, or some end", () => {
  const grown = makeRelease(2, {
    image: stable.image,
    alike: [1],
    spec: { replicas: 5 },
    update: { maxParallel: 2, strategy: "canary" },
  });
  const more = "start an instance of release 2 (more are wanted)";
  assert.deepEqual(stepsOf({ desired: { stable, rollout: makeRollout(grown) }, instances: old }), [more, more]);
  const shrunk = { ...grown, spec: { ...grown.spec, replicas: 1 } };
  const desired = { stable, rollout: makeRollout(shrunk) };
  assert.deepEqual(stepsOf({ desired, instances: old }), ["switch traffic: out b1 c1"]);
  assert.deepEqual(stepsOf({ desired, instances: [...serving("a1"), ...idle("b1", "c1")] }), [
    "record: the rollout succeeded",
  ]);
});

test("with fewer instances than before the larger number serves until all of the new ones are there", () => {
  const desired = { stable, rollout: makeRollout(makeRelease(2, { spec: { replicas: 2 } })) };
  const first = stepsOf({ desired, instances: [...old, ...idle("x2")] });
  assert.equal(first[0], "switch traffic: in x2, out c1");
  assert.equal(
    stepsOf({ desired, instances: [...serving("a1", "b1", "x2"), ...idle("y2")] })[0],
    "switch traffic: in y2, out a1 b1",
  );
});

test("a drifted instance of the new release ends at once, and the rollout goes on", () => {
  const drifted = see("x2", { healthy: 9000, traffic: "in", condemned: { why: "drift", since: now } });
  const instances = [...serving("a1", "b1"), ...idle("c1"), drifted];
  assert.deepEqual(stepsOf({ desired: running, instances }), [
    "switch traffic: in c1, out x2",
    "stop x2 (drift)",
    start,
  ]);
});

test("without traffic an old instance is stopped when a new one has proven itself", () => {
  const desired = { stable: makeUnaddressed(1), rollout: makeRollout(makeUnaddressed(2)) };
  const instances = [...idle("a1", "b1", "c1"), see("x2", { age: 5000, healthy: 2000 })];
  assert.deepEqual(stepsOf({ desired, instances }), ["stop c1 (replaced)", start]);
});

test("without traffic nothing is stopped or started on account of instances that nobody has judged since a restart", () => {
  const desired = { stable: makeUnaddressed(1), rollout: makeRollout(makeUnaddressed(2)) };
  const instances = ["a1", "b1", "x2"].map((id) => see(id, { unknown: 100 }));
  assert.deepEqual(stepsOf({ desired, instances }), []);
});
