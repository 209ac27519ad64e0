import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { decodeEvent, encodeEvent } from "../../ledger/event-entry.ts";
import { markTable } from "../../ledger/projection/state.ts";
import { foldEvents } from "../../ledger/replay.ts";
import type { EventType } from "../events/events.ts";
import { controllerFold } from "./fold.ts";

const texts = ["", "x", "\u0000", "a\u0000b", "'; DROP TABLE keys; --", "[", "é", "__proto__", "😀".repeat(2000)];
const numbers = [0, -1, 1, 7, 1.5, -(2 ** 60), 2 ** 53, 2 ** 63, 1e300, 5e-324, Number.MAX_SAFE_INTEGER];

/** The same values each time. */
function makePicker() {
  let count = 0;
  const below = (limit: number): number => createHash("sha256").update(`${count++}`).digest().readUInt32BE() % limit;
  const of = <T>(values: readonly T[]): T => values[below(values.length)] as T;
  const s = () => of(texts);
  const n = () => of(numbers);
  const many = <T>(make: () => T): readonly T[] => Array.from({ length: below(4) }, make);
  const maybe = <T>(make: () => T): T | undefined => (below(2) === 0 ? make() : undefined);
  return { s, n, of, many, maybe };
}

const { s, n, of, many, maybe } = makePicker();

/** Of every type, with values that no edge would let in. */
const hostile: { readonly [T in EventType]: () => object } = {
  "controller.configured": () => ({ version: s(), settings: { [s()]: n() } }),
  "identity.added": () => ({
    principal: s(),
    kind: s(),
    groups: many(s),
    roles: many(s),
    emails: many(s),
    environment: maybe(s),
  }),
  "identity.removed": () => ({ principal: s(), reason: s() }),
  "key.registered": () => ({ principal: s(), key: { id: s(), pem: s(), use: s() } }),
  "key.retired": () => ({ principal: s(), id: s(), use: s() }),
  "enrolment.opened": () => ({ principal: s(), id: s(), hash: s(), expires: n(), first: maybe(() => true) }),
  "enrolment.used": () => ({ principal: s(), hash: s() }),
  "token.issued": () => ({ principal: s(), id: s(), environment: maybe(s), expires: n(), by: of(grounds)() }),
  "manifest.pushed": () => ({
    repository: s(),
    digest: s(),
    mediaType: s(),
    kind: s(),
    size: n(),
    blobs: many(s),
    manifests: many(s),
    artifactType: maybe(s),
    subject: maybe(s),
    base: maybe(s),
  }),
  "manifest.deleted": () => ({ repository: s(), digest: s() }),
  "tag.set": () => ({ repository: s(), tag: s(), digest: s() }),
  "tag.deleted": () => ({ repository: s(), tag: s() }),
  "garbage.collected": () => ({ blobs: n(), freed: n() }),
  "statement.accepted": () => ({
    ...aboutImage(),
    key: s(),
    role: s(),
    principal: s(),
    payload: s(),
    facts: of(facts)(),
  }),
  "statement.uncounted": () => ({ ...aboutImage(), reason: s() }),
  "policy.shipped": () => ({ release: s(), digest: s(), files: many(() => ({ name: s(), text: s() })) }),
  "policy.applied": () => ({
    environment: s(),
    approvals: n(),
    files: many(() => ({ name: s(), text: s() })),
    digest: s(),
  }),
  "decision.made": () => ({
    principal: s(),
    action: s(),
    resource: s(),
    environment: maybe(s),
    image: maybe(s),
    permit: of([true, false]),
    missing: [],
  }),
  "release.created": () => ({
    service: s(),
    environment: s(),
    number: n(),
    repository: s(),
    image: s(),
    configuration: {},
    decision: n(),
  }),
  "revocation.made": () => ({ subject: of(revoked)(), reason: s() }),
  "drift.found": () => ({
    ...aboutInstance(),
    release: n(),
    image: s(),
    rule: s(),
    subject: s(),
    message: s(),
    seen: n(),
    found: n(),
    sensor: s(),
    response: of(["frozen", s()]),
    chain: many(() => ({ pid: n(), parent: n(), executable: s(), command: many(s) })),
  }),
  "drift.captured": () => ({
    ...aboutInstance(),
    drift: maybe(n),
    repository: s(),
    artifact: s(),
    bytes: n(),
    key: s(),
  }),
  "drift.uncaptured": () => ({ ...aboutInstance(), drift: maybe(n), why: s() }),
  "drift.replaced": () => ({ ...aboutInstance(), drift: n(), by: maybe(s), milliseconds: n() }),
  "instance.debugged": () => ({ ...aboutInstance(), command: many(s), reason: s() }),
  "breaker.opened": () => ({ environment: s(), service: s(), why: s() }),
  "breaker.closed": () => ({ environment: s(), service: s(), by: s() }),
  "revocation.reached": () => ({
    revocation: n(),
    images: many(() => ({ digest: s(), how: s(), parent: maybe(s), layers: maybe(() => many(s)) })),
  }),
  "rollout.created": () => ({
    ...ofService(),
    release: n(),
    image: s(),
    kind: s(),
    strategy: s(),
    from: maybe(n),
  }),
  "rollout.moved": () => ({ ...ofRollout(), to: s() }),
  "rollout.paused": () => ({ ...ofRollout(), reason: s() }),
  "rollout.resumed": () => ofRollout(),
  "rollout.promoted": () => ofRollout(),
  "rollout.succeeded": () => ({ ...ofRollout(), milliseconds: n() }),
  "rollout.failed": () => ({ ...ofRollout(), why: s() }),
  "rollout.cancelled": () => ({ ...ofRollout(), reason: s(), supersededBy: maybe(n) }),
  "image.quarantined": () => ({ ...ofService(), image: s(), why: s(), rollout: n() }),
  "quarantine.lifted": () => ({ ...ofService(), image: s(), reason: s() }),
  "instance.started": () => ({
    ...ofService(),
    instance: s(),
    release: n(),
    image: s(),
    why: s(),
    milliseconds: n(),
    content: maybe(s),
  }),
  "instance.ended": () => ({ ...ofService(), instance: s(), release: n(), why: s(), code: maybe(n) }),
  "alarm.raised": () => ({ ...ofService(), alarm: s(), message: s() }),
  "alarm.cleared": () => ({ ...ofService(), alarm: s() }),
};

const ofService = () => ({ environment: s(), service: s() });
const ofRollout = () => ({ ...ofService(), rollout: n(), release: n() });

const grounds = [
  () => ({ kind: "key", key: s(), assertion: s(), assertionExpires: n() }),
  () => ({ kind: "issuer", issuer: s(), assertion: s(), assertionExpires: n(), groups: many(s), roles: many(s) }),
  () => ({ kind: "token", parent: s() }),
  () => ({ kind: "controller" }),
];
function aboutInstance() {
  return { environment: s(), service: s(), instance: s() };
}

const aboutImage = () => ({ repository: s(), subject: s(), manifest: s(), kind: s(), predicateType: s() });
const facts = [
  () => ({ kind: "approval", environment: s(), verdict: s(), expires: n(), reason: s(), created: n(), nonce: s() }),
  () => ({ kind: "sbom", packages: n(), revocations: many(n) }),
  () => ({ kind: "none", no: maybe(s) }),
];
const revoked = [
  () => ({ kind: "image", digest: s() }),
  () => ({ kind: "package", ecosystem: s(), name: s(), version: s() }),
  () => ({ kind: "key", id: s() }),
];

function makeHostile(count: number) {
  const types = [...Object.keys(hostile), "of.the.future", "__proto__"];
  return Array.from({ length: count }, (_, index) => {
    const type = types[index % types.length] ?? "";
    const made: object = Object.hasOwn(hostile, type) ? hostile[type as EventType]() : { some: s() };
    // Through its bytes, as the ledger does.
    return decodeEvent(encodeEvent({ time: "2026-11-21T00:00:00.000Z", actor: s(), type, data: { ...made } }), index);
  });
}

// Attack: an event that could be appended and cannot be folded again, after which the controller never starts. A state whose file was damaged must not make one either.
test("an event that the fold takes in one state it takes in every state, and what it wrote can be read", () => {
  const events = makeHostile(6000);
  const untouched = foldEvents(controllerFold, []);
  const full = foldEvents(controllerFold, []);
  untouched.allowChanges(true);
  full.allowChanges(true);
  const isTaken = (state: typeof full, event: (typeof events)[number]): boolean => {
    state.run("SAVEPOINT one");
    try {
      controllerFold.apply(state, event);
      return true;
    } catch {
      state.run("ROLLBACK TO one");
      return false;
    }
  };
  let taken = 0;
  for (const event of events) {
    const isGood = isTaken(untouched, event);
    untouched.run("ROLLBACK TO one");
    untouched.run("RELEASE one");
    assert.equal(isTaken(full, event), isGood, `${event.type} ${JSON.stringify(event.data)}`);
    full.run("RELEASE one");
    if (isGood) taken += 1;
  }
  assert.ok(taken > events.length / 2, `${taken} of ${events.length}`);
  for (const { name } of full.all<{ name: string }>(
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> ?",
    markTable,
  )) {
    assert.ok(full.all(`SELECT * FROM "${name}"`).length > 0, name);
  }
  untouched.close();
  full.close();
});
