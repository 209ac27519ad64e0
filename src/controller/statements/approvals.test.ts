import assert from "node:assert/strict";
import { test } from "node:test";
import type { Approval } from "../../evidence/approval/approval.ts";
import { putTinyImage } from "../../oci/tiny-image.fixture.ts";
import type { ApprovalFacts } from "../../policy/policy.ts";
import { makeEvent, system } from "../events/events.ts";
import {
  applied,
  approvalOf,
  openDoor,
  pushedImage,
  rejectionOf,
  repository,
  sign,
  type Door,
  type Person,
  type Pushed,
} from "./door.fixture.ts";

test("an approval counts for its person, its environment and its time", async (t) => {
  const door = await openDoor(t);
  const pushed = await approve(door, "alice");
  assert.deepEqual(
    pushed.events.map(({ type, actor }) => `${actor} ${type}`),
    ["user:alice decision.made", "system:controller manifest.pushed", "user:alice statement.accepted"],
  );
  assert.deepEqual(words(door), ["user:alice production approve"]);
  assert.equal(door.facts().approvals[0]?.expires, Date.parse("2026-11-28T12:00:00Z") / 1000);
});

test("each person's last word about an environment counts: a rejection takes the approval back, an approval the rejection", async (t) => {
  const door = await openDoor(t);
  await approve(door, "alice");
  await approve(door, "bob");
  door.pass(1);
  await say(door, "alice", rejectionOf(door, "user:alice"));
  assert.deepEqual(words(door), ["user:alice production reject", "user:bob production approve"]);
  door.pass(1);
  await approve(door, "alice");
  assert.deepEqual(words(door), ["user:alice production approve", "user:bob production approve"]);
});

test("replayed approval: the same bytes again count once", async (t) => {
  const door = await openDoor(t);
  const bundle = await signed(door, "alice", approvalOf(door, "user:alice"));
  await door.push(bundle);
  for (const more of [{}, { annotations: {} }, { repository: "mirror/web" }]) {
    assert.deepEqual((await door.push(bundle, more)).events, []);
  }
  assert.deepEqual(words(door), ["user:alice production approve"]);
});

test("replayed approval: after a rejection it does not come back, however it is wrapped", async (t) => {
  const door = await openDoor(t);
  const bundle = await signed(door, "alice", approvalOf(door, "user:alice"));
  const { manifest } = await door.push(bundle);
  door.pass(1);
  await say(door, "alice", rejectionOf(door, "user:alice"));
  await door.push(bundle);
  await door.push(bundle, { annotations: {} });
  await door.push(bundle, { repository: "mirror/web" });
  assert.deepEqual(words(door), ["user:alice production reject"]);
  // Nor when its first manifest was deleted, so that nothing is there to be the same as.
  await door.record(makeEvent("workload:ci", "manifest.deleted", { repository, digest: manifest }));
  await door.push(bundle);
  assert.deepEqual(words(door), ["user:alice production reject"]);
  assert.match(lastReason(door), /it was taken before, as #\d+, and is taken once/);
});

test("replayed approval: after it was deleted it does not come back", async (t) => {
  const door = await openDoor(t);
  const bundle = await signed(door, "alice", approvalOf(door, "user:alice"));
  const { manifest } = await door.push(bundle);
  await door.record(makeEvent("user:alice", "manifest.deleted", { repository, digest: manifest }));
  assert.deepEqual(words(door), []);
  await door.push(bundle);
  assert.deepEqual(words(door), []);
  assert.match(lastReason(door), /it was taken before/);
});

test("a rejection is not taken back by deleting its manifest", async (t) => {
  const door = await openDoor(t);
  await approve(door, "alice");
  door.pass(1);
  const { manifest } = await say(door, "alice", rejectionOf(door, "user:alice"));
  await door.record(makeEvent("workload:ci", "manifest.deleted", { repository, digest: manifest }));
  assert.deepEqual(words(door), ["user:alice production reject"]);
});

test("a rejection is not taken back by deleting its manifest and pushing it again, when it does not count", async (t) => {
  const door = await openDoor(t);
  const bundle = await signed(door, "alice", rejectionOf(door, "user:alice"));
  const { manifest } = await door.push(bundle);
  await door.record(makeEvent("user:root", "manifest.deleted", { repository, digest: manifest }));
  await door.push(bundle);
  assert.match(lastReason(door), /it was taken before/);
  assert.deepEqual(words(door), ["user:alice production reject"]);
});

test("an approval that was kept back does not come after the rejection", async (t) => {
  const door = await openDoor(t);
  const keptBack = await signed(door, "alice", approvalOf(door, "user:alice"));
  door.pass(60);
  await say(door, "alice", rejectionOf(door, "user:alice"));
  door.pass(60);
  await door.push(keptBack);
  assert.deepEqual(words(door), ["user:alice production reject"]);
  assert.match(lastReason(door), /it was made before the last word of user:alice, which is of 2026-11-21T12:01:00/);
});

test("an approval that passes the door at the same time as the rejection does not win by coming in last", async (t) => {
  const door = await openDoor(t);
  const approval = await signed(door, "alice", approvalOf(door, "user:alice"));
  const rejection = await signed(door, "alice", rejectionOf(door, "user:alice"));
  await Promise.all([door.push(rejection), door.push(approval)]);
  assert.deepEqual(words(door), ["user:alice production reject"]);
});

test("approval for another digest: it is refused, and counts for neither image", async (t) => {
  const door = await openDoor(t);
  const other = putTinyImage(door.controller.store, { text: "another" });
  await door.record(pushedImage(other, "workload:ci"));
  const bundle = await signed(door, "alice", approvalOf(door, "user:alice"));
  assert.match((await door.push(bundle, { image: other })).refused ?? "", /about "sha256:\w+", not about this image/);
  assert.deepEqual(door.facts(other.digest).approvals, []);
});

test("approval for another environment: it counts there and nowhere else", async (t) => {
  const door = await openDoor(t);
  await say(door, "alice", approvalOf(door, "user:alice", { environment: "staging" }));
  assert.deepEqual(words(door), ["user:alice staging approve"]);
});

const spoilt: readonly (readonly [string, Partial<Approval>, RegExp])[] = [
  ["an environment that does not exist", { environment: "moon" }, /the environment "moon", which does not exist/],
  [
    "another controller",
    { controller: "https://test.example" },
    /for the controller "https:\/\/test.example", not http:\/\/ingot.example/,
  ],
  [
    "another policy",
    { policyDigest: `sha256:${"0".repeat(64)}` },
    /made under another policy than the one in force in production/,
  ],
  ["a person who did not sign it", { approver: "user:bob" }, /says that "user:bob" decides, and user:alice signed it/],
  ["yesterday", { created: "2026-11-20T12:00:00Z" }, /made at 2026-11-20T12:00:00Z, more than 10 minutes ago/],
  ["tomorrow", { created: "2026-11-22T12:00:00Z" }, /dated 2026-11-22T12:00:00Z, in the future/],
  ["a time that is over", { expires: "2026-11-21T11:59:59Z" }, /expired at 2026-11-21T11:59:59Z/],
  ["a year", { expires: "2027-11-21T12:00:00Z" }, /count until 2027-11-21T12:00:00Z, longer than 30 days/],
  [
    "statements that nobody made",
    { reviewed: [`sha256:${"1".repeat(64)}`] },
    /names sha256:1+ as reviewed, which is no statement about this image/,
  ],
  ["a word that is no decision", { decision: "maybe" as "approve" }, /it is no approval: decision/],
  ["a nonce that is none", { nonce: "again" }, /it is no approval: nonce: expected 32 hex digits/],
  ["a member that nobody knows", { unless: "Friday" } as Partial<Approval>, /it is no approval/],
];

for (const [what, more, reason] of spoilt) {
  test(`an approval for ${what} does not count, and the record says why`, async (t) => {
    const door = await openDoor(t);
    const { refused } = await say(door, "alice", approvalOf(door, "user:alice", more));
    assert.equal(refused, undefined);
    assert.deepEqual(words(door), []);
    assert.match(lastReason(door), reason);
  });
}

test("approval by the builder's key, or with an approver's key that nobody registered, does not count", async (t) => {
  const door = await openDoor(t);
  const { image } = door;
  await door.push(await sign(door.keys.builder, "approval", { image, predicate: approvalOf(door, "workload:ci") }));
  assert.match(lastReason(door), /registered as builder; this kind counts by a key of an approver only/);
  assert.deepEqual(door.facts().approvals, []);
});

test("author approves own image: by the address of the commit", async (t) => {
  const door = await openDoor(t);
  const git = { name: "git", digest: { gitCommit: "a".repeat(40) }, annotations: { authors: ["Carol@shop.example"] } };
  const predicate = { buildDefinition: { resolvedDependencies: [git] } };
  await door.push(await sign(door.keys.builder, "provenance", { image: door.image, predicate }));
  assert.deepEqual(door.facts().authors, ["user:carol", "workload:ci"]);
  await approve(door, "carol");
  assert.deepEqual(words(door), []);
  assert.match(lastReason(door), /own-image: user:carol is among the authors or builders of this image/);
});

test("author approves own image: who pushed it, also when it was deleted and pushed by another since", async (t) => {
  const door = await openDoor(t);
  const { digest } = door.image;
  await door.record(
    pushedImage(door.image, "user:alice"),
    makeEvent("user:alice", "manifest.deleted", { repository, digest }),
    pushedImage(door.image, "workload:ci"),
  );
  await approve(door, "alice");
  assert.deepEqual(words(door), []);
  assert.match(lastReason(door), /own-image: user:alice/);
});

test("author approves own image: an approval that came before the provenance stops counting when it names its author", async (t) => {
  const door = await openDoor(t);
  await approve(door, "carol");
  assert.deepEqual(words(door), ["user:carol production approve"]);
  const git = { digest: { gitCommit: "a".repeat(40) }, annotations: { authors: ["carol@shop.example"] } };
  const predicate = { buildDefinition: { resolvedDependencies: [git] } };
  await door.push(await sign(door.keys.builder, "provenance", { image: door.image, predicate }));
  const { missing } = decide(door);
  assert.match(missing, /2 people must approve it for production, nobody has; .*user:carol, who is author or builder/);
});

test("builder approves: a person whose builder's key signed the image does not approve it with the approver's", async (t) => {
  const door = await openDoor(t);
  const { id, pem } = door.keys.rebuilder.key;
  // The same person has a builder's key.
  await door.record(makeEvent(system, "key.registered", { principal: "user:alice", key: { id, pem, use: "builder" } }));
  await door.push(await sign(door.keys.rebuilder, "signature", { image: door.image, predicate: {} }));
  await approve(door, "alice");
  assert.deepEqual(words(door), []);
  assert.match(lastReason(door), /own-image: user:alice/);
});

test("who is no approver does not approve by having an approver's key, and a person who was removed does not either", async (t) => {
  const door = await openDoor(t);
  await approve(door, "dora");
  assert.deepEqual(words(door), []);
  assert.match(lastReason(door), /dora/);
  await door.record(makeEvent(system, "identity.removed", { principal: "user:bob", reason: "left" }));
  await approve(door, "bob");
  assert.deepEqual(words(door), []);
  assert.match(lastReason(door), /of user:bob, which is retired/);
});

test("what was reviewed may be named as it was pushed or with its place in the log", async (t) => {
  const door = await openDoor(t);
  const pushed = await door.push(await sign(door.keys.builder, "signature", { image: door.image, predicate: {} }));
  const accepted = pushed.events.find(({ type }) => type === "statement.accepted")?.data as {
    logged: { manifest: string };
  };
  await approve(door, "alice", { reviewed: [pushed.manifest, accepted.logged.manifest] });
  assert.deepEqual(words(door), ["user:alice production approve"]);
});

test("an approval that was made under the policy in force stands when that changes afterwards", async (t) => {
  const door = await openDoor(t);
  await approve(door, "alice");
  await door.record(applied("production", 3));
  assert.deepEqual(words(door), ["user:alice production approve"]);
});

function approve(door: Door, person: Person, more: Partial<Approval> = {}): Promise<Pushed> {
  return say(door, person, approvalOf(door, `user:${person}`, more));
}

async function say(door: Door, person: Person, predicate: object): Promise<Pushed> {
  return door.push(await signed(door, person, predicate), { principal: `user:${person}` });
}

function signed(door: Door, person: Person, predicate: object): Promise<Buffer> {
  return sign(door.keys.people[person], "approval", { image: door.image, predicate });
}

function words(door: Door): readonly string[] {
  const shown = ({ by, environment, verdict }: ApprovalFacts): string => `${by} ${environment} ${verdict}`;
  return door.facts().approvals.map(shown).toSorted();
}

function lastReason(door: Door): string {
  return (
    door
      .facts()
      .uncounted.filter(({ reason }) => !reason.includes("was deleted"))
      .at(-1)?.reason ?? "nothing"
  );
}

/** What stands against deploying it to production. */
function decide(door: Door): { readonly missing: string } {
  const { policies, ledger } = door.controller;
  const decision = policies.decide(policies.forEnvironment([]), {
    principal: { kind: "user", name: "dora", groups: [], roles: ["deployer"] },
    action: "deploy",
    now: ledger.now().getTime() / 1000,
    resource: { kind: "service", name: "web", environment: "production" },
    environment: { name: "production", approvals: 2 },
    image: door.facts(),
  });
  return { missing: decision.missing.map(({ missing }) => missing).join("; ") };
}
