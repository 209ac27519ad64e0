import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type { InstanceId } from "../../runtime/runtime.ts";
import type { Replaced } from "../../fleet/engine/engine.ts";
import { openTestController } from "../controller.fixture.ts";
import { listDrift } from "../state/drift.ts";
import { digestFor } from "../verbs/releases.fixture.ts";
import { captureDrift } from "./capture-drift.ts";
import { driftOf, place, sayGuard, startInstance } from "./drift.fixture.ts";
import { followGuard } from "./follow-guard.ts";
import { recordDrift } from "./record-drift.ts";

async function follow(t: TestContext, before?: Awaited<ReturnType<typeof openTestController>>) {
  const world = before ?? (await openTestController(t));
  const { controller } = world;
  if (before === undefined) await startInstance(controller, "web-1");
  const guard = sayGuard();
  const done: string[] = [];
  const waits: Promise<unknown>[] = [];
  const told: ((replaced: Replaced) => void)[] = [];
  const end = followGuard(controller, {
    guard,
    fleet: {
      condemn: (id, why, until) => {
        done.push(`condemn ${id} ${why}`);
        waits.push(until ?? Promise.resolve());
      },
      restart: (ids) => void done.push(`restart ${ids.join(" ")}`),
      onReplaced: (listener) => void told.push(listener),
    },
  });
  const replaced = (id: string, by: string) =>
    told.forEach((tell) =>
      tell({ key: place, id: id as InstanceId, why: "drift", by: by as InstanceId, milliseconds: 1 }),
    );
  t.after(end);
  const types = () =>
    [...controller.ledger.events()].map(({ type }) => type).filter((type) => /^(drift|breaker)\./.test(type));
  return { ...world, guard, done, waits, end, types, replaced };
}

test("what is frozen leaves traffic before the record is written, is captured once, and is destroyed after that", async (t) => {
  const { guard, done, waits, types, controller } = await follow(t);
  guard.find(driftOf("web-1"));
  assert.deepEqual(done, ["condemn web-1 drift"]);
  assert.deepEqual(types(), []);
  guard.find(driftOf("web-1", { rule: "memfd-executable" }));
  await Promise.all(waits);
  assert.deepEqual(types().toSorted(), ["drift.captured", "drift.found", "drift.found"]);
  assert.deepEqual(guard.captured, ["web-1"]);
  assert.equal(listDrift(controller.ledger.state).length, 2);
});

test("what a person had captured before is no capture of drift", async (t) => {
  const { guard, waits, controller } = await follow(t);
  await captureDrift(controller, guard, {
    ...place,
    release: 4,
    image: digestFor("web"),
    instance: "web-1" as InstanceId,
  });
  guard.find(driftOf("web-1"));
  await Promise.all(waits);
  assert.deepEqual(guard.captured, ["web-1", "web-1"]);
});

test("what is beyond the limit is captured as it runs, and replaced while the others serve", async (t) => {
  const { guard, done, end } = await follow(t);
  guard.find(driftOf("web-1", { response: "rate-limited" }));
  assert.deepEqual(done, []);
  while (done.length === 0) await new Promise((resolve) => void setTimeout(resolve, 5));
  assert.deepEqual([done, guard.captured], [["restart web-1"], ["web-1"]]);
  await end();
});

test("what is observed, or beyond an open breaker, is told and not touched", async (t) => {
  const { guard, done, types, end } = await follow(t);
  guard.find(driftOf("web-1", { response: "observed" }));
  guard.find(driftOf("web-1", { response: "breaker-open" }));
  guard.find(driftOf("of-nobody"));
  await end();
  assert.deepEqual([done, guard.captured], [[], []]);
  assert.deepEqual(types(), ["drift.found", "drift.found", "breaker.opened"]);
});

test("a capture that fails stops no replacement", async (t) => {
  const { guard, waits, types } = await follow(t);
  guard.files = new Error("it is gone");
  guard.find(driftOf("web-1"));
  await Promise.all(waits);
  assert.deepEqual(types(), ["drift.found", "drift.uncaptured"]);
});

test("the replacement is on the record, with the time since the kernel saw it", async (t) => {
  const { guard, waits, replaced, end, controller } = await follow(t);
  guard.find(driftOf("web-1"));
  await Promise.all(waits);
  replaced("web-1", "web-2");
  await end();
  assert.deepEqual(listDrift(controller.ledger.state)[0]?.replaced, {
    at: "2026-11-21T12:00:00.000Z",
    by: "web-2",
    milliseconds: 1000,
  });
});

test("what a controller that was killed did not capture is captured by the next one", async (t) => {
  const world = await openTestController(t);
  await startInstance(world.controller, "web-1");
  await recordDrift(world.controller, driftOf("web-1"), { ...place, release: 4, image: digestFor("web") });
  const { guard, done, waits, types } = await follow(t, world);
  await Promise.all(waits);
  assert.deepEqual([done, guard.captured], [["condemn web-1 drift"], ["web-1"]]);
  assert.deepEqual(types(), ["drift.found", "drift.captured"]);
});

test("what was to be replaced while the others serve when a controller ended is replaced by the next one", async (t) => {
  const world = await openTestController(t);
  for (const id of ["web-1", "web-2"]) await startInstance(world.controller, id);
  const of = { ...place, release: 4, image: digestFor("web") };
  await recordDrift(world.controller, driftOf("web-1", { response: "rate-limited" }), of);
  await recordDrift(world.controller, driftOf("web-2", { response: "observed" }), of);
  const { done } = await follow(t, world);
  assert.deepEqual(done, ["restart web-1"]);
});
