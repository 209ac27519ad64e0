import assert from "node:assert/strict";
import { test } from "node:test";
import { makeRelease, makeUnaddressed, now, plan, see, serving, idle, stepsOf } from "./plan.fixture.ts";

const stable = makeRelease(1);
const drift = { why: "drift", since: now } as const;

test("a service that is as it should be is left alone, and nobody has to look again", () => {
  const settled = plan({ desired: { stable }, instances: serving("a1", "b1", "c1") });
  assert.deepEqual(settled, { steps: [], notes: [] });
});

test("after a reboot all instances are gone: the remains are cleaned up and all of them start at once", () => {
  const instances = ["a1", "b1", "c1"].map((id) => see(id, { state: "gone" }));
  const start = "start an instance of release 1 (one is missing)";
  assert.deepEqual(stepsOf({ desired: { stable }, instances }), [
    "stop a1 (lost)",
    "stop b1 (lost)",
    "stop c1 (lost)",
    start,
    start,
    start,
  ]);
});

test("instances whose health nobody knows yet after a restart of the controller go on serving, and nothing is started", () => {
  const instances = ["a1", "b1", "c1"].map((id) => see(id, { traffic: "in" }));
  assert.deepEqual(stepsOf({ desired: { stable }, instances }), []);
});

test("a lost instance leaves traffic and another one starts", () => {
  const instances = [...serving("a1", "b1"), see("c1", { state: "gone", traffic: "in" })];
  assert.deepEqual(stepsOf({ desired: { stable }, instances }), [
    "switch traffic: out c1",
    "stop c1 (lost)",
    "start an instance of release 1 (one is missing)",
  ]);
});

test("an unhealthy instance keeps its traffic until another one is there", () => {
  const sick = see("c1", { unhealthy: 5000, traffic: "in" });
  const given = { desired: { stable }, instances: [...serving("a1", "b1"), sick] };
  assert.deepEqual(stepsOf(given), ["start an instance of release 1 (in place of an unhealthy one)"]);
  const successor = see("d1", { age: 3000, healthy: 0 });
  assert.deepEqual(stepsOf({ ...given, instances: [...given.instances, successor] }), [
    "switch traffic: in d1, out c1",
  ]);
});

test("unhealthy instances are replaced at most max_parallel at a time", () => {
  const instances = ["a1", "b1", "c1"].map((id) => see(id, { unhealthy: 5000, traffic: "in" }));
  assert.equal(stepsOf({ desired: { stable }, instances }).length, 1);
  const eager = makeRelease(1, { update: { maxParallel: 2 } });
  assert.equal(stepsOf({ desired: { stable: eager }, instances }).length, 2);
});

test("a successor from the stable release gets traffic as soon as it is healthy: its release has proven itself", () => {
  const instances = [...serving("a1", "b1"), see("c1", { age: 1000, healthy: 0 })];
  assert.deepEqual(stepsOf({ desired: { stable }, instances }), ["switch traffic: in c1"]);
});

test("an instance that drifted leaves traffic at once though it is the last, and ends without waiting for its requests", () => {
  const instances = [see("a1", { state: "frozen", healthy: 9, traffic: "in", sessions: 4, condemned: drift })];
  const start = "start an instance of release 1 (one is missing)";
  assert.deepEqual(stepsOf({ desired: { stable }, instances }), [
    "switch traffic: out a1",
    "stop a1 (drift)",
    "start an instance of release 1 (in place of one that drifted)",
    start,
    start,
  ]);
});

test("a frozen instance leaves traffic at once, whatever else is known of it", () => {
  const frozen = see("c1", { state: "frozen", healthy: 9, traffic: "in" });
  const instances = [...serving("a1", "b1"), frozen];
  assert.deepEqual(stepsOf({ desired: { stable }, instances }).slice(0, 2), [
    "switch traffic: out c1",
    "stop c1 (drift)",
  ]);
  const debugged = { ...frozen, condemned: { why: "debugged", since: now } as const };
  assert.equal(
    stepsOf({ desired: { stable }, instances: [...serving("a1", "b1"), debugged] })[0],
    "switch traffic: out c1",
  );
});

test("a revoked or entered instance serves until a healthy one is in its place", () => {
  for (const why of ["revoked", "debugged"] as const) {
    const marked = see("c1", { healthy: 50_000, traffic: "in", condemned: { why, since: now } });
    const before = stepsOf({ desired: { stable }, instances: [...serving("a1", "b1"), marked] });
    assert.equal(before.length, 1);
    assert.match(before[0] ?? "", /^start an instance of release 1/);
    const after = stepsOf({ desired: { stable }, instances: [...serving("a1", "b1"), ...idle("d1"), marked] });
    assert.deepEqual(after, ["switch traffic: in d1, out c1"]);
    const drained = { ...marked, traffic: { status: "draining", since: now - 5000 } as const };
    assert.deepEqual(stepsOf({ desired: { stable }, instances: [...serving("a1", "b1", "d1"), drained] }), [
      `stop c1 (${why})`,
    ]);
  }
});

test("an instance that drains is stopped once its requests are done, or have had their time, and not before", () => {
  const given = (since: number, sessions?: number) => {
    const old = see("x9", { healthy: 50_000, traffic: "draining", since, ...(sessions !== undefined && { sessions }) });
    return plan({ desired: { stable }, instances: [...serving("a1", "b1", "c1"), old] });
  };
  assert.deepEqual(given(1000, 2), { steps: [], notes: [], wake: now + 4000 });
  assert.deepEqual(given(1000), { steps: [], notes: [], wake: now + 4000 });
  assert.equal(given(1000, 0).steps.length, 1);
  assert.equal(given(5000, 2).steps.length, 1);
});

test("a successor that is not healthy by healthy_deadline is replaced by another one", () => {
  const late = see("c1", { age: 60_000, unhealthy: 50_000 });
  assert.deepEqual(stepsOf({ desired: { stable }, instances: [...serving("a1", "b1"), late] }), [
    "stop c1 (failed-start)",
    "start an instance of release 1 (in place of an unhealthy one)",
  ]);
  const inTime = plan({
    desired: { stable },
    instances: [...serving("a1", "b1"), see("c1", { age: 59_999, unhealthy: 9 })],
  });
  assert.deepEqual(inTime, { steps: [], notes: [], wake: now + 1 });
});

test("an instance that this process has not judged yet gets the whole healthy_deadline from now on", () => {
  const instances = [...serving("a1", "b1"), see("c1", { age: 500_000, unknown: 1000 })];
  assert.deepEqual(plan({ desired: { stable }, instances }), { steps: [], notes: [], wake: now + 59_000 });
});

test("what ends too soon again and again is started again only after its backoff", () => {
  const waiting = plan({ desired: { stable }, instances: serving("a1", "b1"), backoff: new Map([[1, now + 8000]]) });
  assert.deepEqual(waiting.steps, []);
  assert.equal(waiting.wake, now + 8000);
  assert.match(waiting.notes.join(), /ended too soon: the next one starts in 8 s/);
  assert.equal(
    stepsOf({ desired: { stable }, instances: serving("a1", "b1"), backoff: new Map([[1, now]]) }).length,
    1,
  );
});

test("too many instances of the stable release are taken out of traffic first", () => {
  assert.deepEqual(stepsOf({ desired: { stable }, instances: serving("a1", "b1", "c1", "d1") }), [
    "switch traffic: out d1",
  ]);
});

test("where the stable image is revoked or in quarantine what runs is kept, nothing is started, and it is told", () => {
  for (const list of ["revoked", "quarantined"] as const) {
    const desired = { stable, [list]: new Set([stable.image]) };
    const kept = plan({ desired, instances: [...serving("a1"), see("b1", { unhealthy: 10, traffic: "in" })] });
    assert.deepEqual(kept.steps, []);
    assert.match(kept.notes.join(), /release 1 has no image that may run: it is .*; what runs is kept/);
  }
});

test("what a cancelled or failed rollout left serves until the stable set is whole again, and ends then", () => {
  const instances = [...serving("a1", "x2", "y2"), see("b1", { age: 1000, healthy: 10 })];
  assert.deepEqual(stepsOf({ desired: { stable }, instances }), [
    "switch traffic: in b1, out y2",
    "start an instance of release 1 (one is missing)",
  ]);
  assert.deepEqual(stepsOf({ desired: { stable }, instances: serving("a1", "b1", "c1", "x2") }), [
    "switch traffic: out x2",
  ]);
});

test("of a service that is wanted no more, or whose first rollout failed, nothing is left", () => {
  assert.deepEqual(stepsOf({ desired: {}, instances: serving("a1") }), ["switch traffic: out a1"]);
  assert.deepEqual(stepsOf({ desired: {}, instances: idle("a1") }), ["stop a1 (removed)"]);
  const quarantined = new Set([stable.image]);
  assert.deepEqual(stepsOf({ desired: { quarantined }, instances: idle("a1") }), ["stop a1 (quarantined)"]);
});

test("without traffic an instance serves while it works, and being taken out is being stopped", () => {
  const worker = makeUnaddressed(1);
  assert.deepEqual(stepsOf({ desired: { stable: worker }, instances: idle("a1", "b1", "c1") }), []);
  assert.deepEqual(stepsOf({ desired: { stable: worker }, instances: idle("a1", "b1", "c1", "d1") }), [
    "stop d1 (scale)",
  ]);
  const sick = see("c1", { unhealthy: 9 });
  assert.deepEqual(stepsOf({ desired: { stable: worker }, instances: [...idle("a1", "b1"), sick] }), [
    "start an instance of release 1 (in place of an unhealthy one)",
  ]);
  assert.deepEqual(stepsOf({ desired: { stable: worker }, instances: [...idle("a1", "b1", "d1"), sick] }), [
    "stop c1 (unhealthy)",
  ]);
});
