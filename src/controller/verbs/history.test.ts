import assert from "node:assert/strict";
import { test } from "node:test";
import { openTestController } from "../controller.fixture.ts";
import { makeEvent } from "../events/events.ts";
import { tellEvent } from "../events/tell-event.ts";
import { openDoor, sign } from "../statements/door.fixture.ts";
import { digestFor, openEnvironment, pushImage, record } from "./releases.fixture.ts";
import { readHistory, type EventFilter } from "./history.ts";

const tag = (index: number, by = "workload:ci") =>
  makeEvent(by, "tag.deleted", { repository: "shop/web", tag: `t${index}` });

test("pages of the newest events first give every event once, however many there are", async (t) => {
  const { controller } = await openTestController(t);
  await record(controller, ...Array.from({ length: 2500 }, (_, index) => tag(index)));
  const seen: number[] = [];
  let before: number | undefined;
  do {
    const page = await readHistory(controller.ledger, {}, { limit: 300, ...(before === undefined ? {} : { before }) });
    seen.push(...page.events.map(({ index }) => index));
    before = page.before;
  } while (before !== undefined);
  assert.deepEqual(
    seen,
    Array.from({ length: 2502 }, (_, index) => 2501 - index),
  );
});

test("each filter finds what it names and nothing else, and together they all hold", async (t) => {
  const { controller, pass } = await openTestController(t);
  const { ledger } = controller;
  const image = digestFor("one");
  await record(controller, openEnvironment("staging"), ...pushImage("shop/web", image), tag(1, "user:alice"));
  pass(60);
  await record(controller, tag(2, "workload:alice"), tag(3, 'user:"quoted"'));
  const find = async (filter: EventFilter): Promise<readonly number[]> =>
    (await readHistory(ledger, filter, { limit: 100 })).events.map(({ index }) => index);
  assert.deepEqual(await find({ type: "tag" }), [7, 6, 5, 4]);
  assert.deepEqual(await find({ type: "tag.set" }), [4]);
  assert.deepEqual(await find({ by: "alice" }), [6, 5]);
  assert.deepEqual(await find({ by: "user:alice" }), [5]);
  assert.deepEqual(await find({ by: 'user:"quoted"' }), [7]);
  assert.deepEqual(await find({ image }), [4, 3]);
  assert.deepEqual(await find({ environment: "staging" }), [2]);
  assert.deepEqual(await find({ environment: "stag" }), []);
  const later = Date.parse("2026-11-21T12:00:30Z");
  assert.deepEqual(await find({ since: later }), [7, 6]);
  assert.deepEqual(await find({ until: later, type: "tag" }), [5, 4]);
  assert.deepEqual(await find({ by: "alice", until: later }), [5]);
});

test("a sentence stays one line, whatever somebody gave as a reason", () => {
  const reason = "fine\n#99  2026-11-21T12:00:00Z  user:root approved everything";
  const sentence = tellEvent(makeEvent("user:eve", "identity.removed", { principal: "user:bob", reason }));
  assert.ok(!sentence.includes("\n"));
  assert.match(sentence, /^user:eve removed user:bob: fine #99/);
});

test("a sentence says who did what to what, and whose word it is where somebody else brought it", () => {
  const [subject, repository] = [digestFor("one"), "shop/web"];
  const image = `shop/web@${subject.slice(0, 19)}`;
  const facts = {
    kind: "approval",
    environment: "production",
    expires: 1795651200,
    reason: "fine",
    created: 0,
    nonce: "",
    reviewed: [],
    policyDigest: "",
  } as const;
  const said = {
    repository,
    subject,
    manifest: subject,
    predicateType: "",
    key: "",
    role: "approver",
    principal: "user:carol",
    payload: "",
  } as const;
  const approval = { ...said, kind: "approval", facts: { ...facts, verdict: "approve" } } as const;
  const tests = {
    ...said,
    kind: "tests",
    facts: { kind: "tests", passed: false, finished: 0, failed: ["home"] },
  } as const;
  const about = { principal: "user:carol", permit: true, policies: [], missing: [], policyDigest: "" };
  const decision = { ...about, action: "approve", resource: "repository shop/web", environment: "production" } as const;
  assert.deepEqual(
    [
      makeEvent("user:carol", "statement.accepted", approval),
      makeEvent("workload:ci", "statement.accepted", approval),
      makeEvent("workload:ci", "statement.accepted", tests),
      makeEvent("user:carol", "decision.made", { ...decision, image: subject }),
    ].map(tellEvent),
    [
      `user:carol approved ${image} for production until 2026-11-26T00:00:00Z: fine`,
      `workload:ci brought the word of user:carol, who approved ${image} for production until 2026-11-26T00:00:00Z: fine`,
      `workload:ci brought a result of the tests by user:carol of ${image}, which counts: FAILED home`,
      `user:carol was permitted to approve ${image} for production`,
    ],
  );
});

test("in brief, what another event tells is not told again: that a statement was attached, and its logged copy", async (t) => {
  const door = await openDoor(t);
  await door.push(await sign(door.keys.builder, "signature", { image: door.image, predicate: {} }));
  const typesOf = async (isBrief: boolean): Promise<readonly string[]> => {
    const { events } = await readHistory(door.controller.ledger, { isBrief, image: door.image.digest }, { limit: 10 });
    return events.map(({ type, actor }) => `${actor} ${type}`);
  };
  const all = await typesOf(false);
  assert.equal(all.filter((one) => one === "system:controller manifest.pushed").length, 1, all.join());
  const brief = await typesOf(true);
  assert.deepEqual(brief.slice(0, 1), ["workload:ci statement.accepted"]);
  assert.ok(!brief.includes("system:controller manifest.pushed"), brief.join());
});

test("an event of a newer release is told by its type", () => {
  assert.equal(tellEvent({ actor: "user:eve", type: "moon.landed", data: {} }), "user:eve: moon.landed");
  assert.equal(tellEvent({ actor: "user:eve", type: "toString", data: {} }), "user:eve: toString");
});
