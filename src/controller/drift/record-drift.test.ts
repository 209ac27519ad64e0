import assert from "node:assert/strict";
import { test } from "node:test";
import { openTestController, principal } from "../controller.fixture.ts";
import { makeEvent } from "../events/events.ts";
import { tellEvent } from "../events/tell-event.ts";
import { listAlarms } from "../state/alarms.ts";
import { listBreakers } from "../state/breakers.ts";
import { listDrift } from "../state/drift.ts";
import { listLiving } from "../state/instances.ts";
import { digestFor, openEnvironment, record } from "../verbs/releases.fixture.ts";
import { recordClosedBreakers, resetBreaker } from "./breakers.ts";
import { driftOf, place, sayGuard, startInstance } from "./drift.fixture.ts";
import { recordDrift } from "./record-drift.ts";
import { recordReplaced } from "./record-replaced.ts";
import { showDrift } from "./show-drift.ts";

const of = { ...place, release: 4, image: digestFor("web") };

test("drift is on the record once, with its chain, its times and no password", async (t) => {
  const { controller } = await openTestController(t);
  await startInstance(controller, "web-1");
  const first = await recordDrift(controller, driftOf("web-1"), of);
  assert.deepEqual(await recordDrift(controller, driftOf("web-1"), of), { id: first.id, isNew: false });
  const { drift, meaning } = showDrift(controller.ledger.state, first.id);
  assert.deepEqual(drift.chain[0]?.command, ["/tmp/dropper", "--password=[redacted]"]);
  assert.equal(drift.chain.length, 3);
  assert.equal(meaning, "a program runs that the image does not have");
  assert.equal(drift.status, "open");
  const [event] = [...controller.ledger.events(first.id)];
  assert.match(
    tellEvent(event ?? assert.fail()),
    /^system:controller found drift on web-1 of web in production, release 4: foreign-executable: .*; it was frozen$/,
  );
  assert.throws(() => showDrift(controller.ledger.state, 0), { code: "drift-unknown" });
});

test("drift that is found where a person was before condemns the instance for drift", async (t) => {
  const { controller } = await openTestController(t);
  await startInstance(controller, "web-1");
  const why = (): unknown => listLiving(controller.ledger.state, place)[0]?.condemned?.why;
  const entered = { ...place, instance: "web-1", command: ["id"], reason: "a look" };
  await record(controller, makeEvent("user:dora", "instance.debugged", entered));
  assert.equal(why(), "debugged");
  await recordDrift(controller, driftOf("web-1"), of);
  assert.equal(why(), "drift");
  await record(controller, makeEvent("user:dora", "instance.debugged", entered));
  assert.equal(why(), "drift");
});

test("an instance that shows a thousand kinds of drift fills no ledger, and what is frozen is still told", async (t) => {
  const { controller } = await openTestController(t);
  await startInstance(controller, "web-1");
  for (let index = 0; index < 110; index += 1)
    await recordDrift(controller, driftOf("web-1", { subject: `/tmp/${index}`, response: "observed" }), of);
  assert.equal(listDrift(controller.ledger.state, place).length, 100);
  assert.equal((await recordDrift(controller, driftOf("web-1", { subject: "/tmp/last" }), of)).isNew, true);
});

test("texts of an attacker fit into an event, however many bytes they take", async (t) => {
  const { controller } = await openTestController(t);
  const word = "\u0001\ud800".repeat(100_000);
  const process = { pid: 1, parent: 1, executable: word, command: Array.from({ length: 100 }, () => word) };
  const drift = driftOf("web-1", { subject: word, message: word, chain: Array.from({ length: 100 }, () => process) });
  const { id } = await recordDrift(controller, drift, of);
  assert.equal(showDrift(controller.ledger.state, id).drift.chain.length, 12);
});

test("lists are by service, instance, time and whether the instance is still there", async (t) => {
  const { controller, pass } = await openTestController(t);
  for (const instance of ["web-1", "web-2", "web-3"]) await startInstance(controller, instance);
  await recordDrift(controller, driftOf("web-1"), of);
  pass(60);
  const since = controller.ledger.now().toISOString();
  await recordDrift(controller, driftOf("web-2", { response: "observed" }), of);
  await recordDrift(controller, driftOf("web-3"), { ...of, environment: "staging" });
  const { state } = controller.ledger;
  const instances = (filter: Parameters<typeof listDrift>[1]) => listDrift(state, filter).map((one) => one.instance);
  assert.deepEqual(instances({}), ["web-3", "web-2", "web-1"]);
  assert.deepEqual(instances(place), ["web-2", "web-1"]);
  assert.deepEqual(instances({ instance: "web-1" }), ["web-1"]);
  assert.deepEqual(instances({ since }), ["web-3", "web-2"]);
  assert.deepEqual(instances({ most: 1 }), ["web-3"]);
  await recordReplaced(controller, { ...place, instance: "web-1", by: "web-9" });
  assert.deepEqual(instances({ ...place, isOpen: true }), ["web-2"]);
  const [replaced] = listDrift(state, { instance: "web-1" });
  assert.deepEqual(
    [replaced?.status, replaced?.replaced?.by, replaced?.replaced?.milliseconds],
    ["replaced", "web-9", 61_000],
  );
});

test("the first drift that finds the breaker open is an alarm; it is closed by time or by a person, who needs the right to replace", async (t) => {
  const { controller } = await openTestController(t);
  await record(controller, openEnvironment("production"));
  const { state } = controller.ledger;
  const guard = sayGuard();
  const open = async () => {
    for (const instance of ["web-1", "web-2"])
      await recordDrift(
        controller,
        driftOf(instance, { response: "breaker-open", subject: `/tmp/${Math.random()}` }),
        of,
      );
    guard.breaker = [{ ...place, state: "open", until: 1 }];
  };
  await open();
  assert.deepEqual(
    listBreakers(state).map(({ service }) => service),
    ["web"],
  );
  assert.match(listAlarms(state)[0]?.message ?? "", /several instances of release 4 show foreign-executable/);
  await recordClosedBreakers(controller, guard.breaker);
  assert.equal(listBreakers(state).length, 1);
  await recordClosedBreakers(controller, []);
  assert.deepEqual([listBreakers(state), listAlarms(state)], [[], []]);
  guard.breaker = [];
  const reset = (role: "auditor" | "deployer") =>
    resetBreaker(controller, guard, { principal: principal("alice", role), of: place });
  await assert.rejects(reset("deployer"), { code: "breaker-closed" });
  await open();
  await assert.rejects(reset("auditor"), { code: "policy-denied" });
  assert.deepEqual(guard.resets, []);
  await reset("deployer");
  assert.deepEqual(guard.resets, [place]);
  assert.deepEqual([listBreakers(state), listAlarms(state)], [[], []]);
  const told = [...controller.ledger.events()].filter(({ type }) => type.startsWith("breaker.")).map(tellEvent);
  assert.equal(told.at(-1), "user:alice closed the breaker of web in production");
});
