import assert from "node:assert/strict";
import { test } from "node:test";
import { IngotError } from "../../ground/error.ts";
import type { Digest } from "../../oci/digest.ts";
import { putTinyImage } from "../../oci/tiny-image.fixture.ts";
import { principal } from "../controller.fixture.ts";
import { makeEvent } from "../events/events.ts";
import {
  approvalOf,
  openDoor,
  pushedImage,
  rejectionOf,
  repository,
  sign,
  type Door,
} from "../statements/door.fixture.ts";
import { approve, type TakenApproval } from "./approve.ts";
import { describeImage } from "./describe-image.ts";

test("an approval is attached to the image, and counts; the same again changes nothing", async (t) => {
  const door = await openDoor(t);
  const bundle = await approvalBundle(door, "alice");
  const taken = await send(door, "alice", bundle);
  assert.deepEqual(
    taken.approvals.map(({ by, verdict }) => [by, verdict]),
    [["user:alice", "approve"]],
  );
  const { ledger, store } = door.controller;
  assert.ok(store.hasBlob(taken.manifest as Digest));
  const size = ledger.log.checkpoint().size;
  const again = await send(door, "alice", bundle);
  assert.deepEqual([again.manifest, again.event], [taken.manifest, undefined]);
  assert.equal(ledger.log.checkpoint().size, size);
});

test("a rejection takes it back", async (t) => {
  const door = await openDoor(t);
  await send(door, "alice", await approvalBundle(door, "alice"));
  door.pass(1);
  const rejection = await sign(door.keys.people.alice, "approval", {
    image: door.image,
    predicate: rejectionOf(door, "user:alice"),
  });
  const { approvals } = await send(door, "alice", rejection);
  assert.deepEqual(
    approvals.map(({ verdict }) => verdict),
    ["reject"],
  );
});

test("what does not count is refused with its reason, and leaves nothing on the record", async (t) => {
  const door = await openDoor(t);
  const { size } = door.controller.ledger.log.checkpoint();
  const yesterday = await sign(door.keys.people.alice, "approval", {
    image: door.image,
    predicate: approvalOf(door, "user:alice", { created: "2026-11-20T12:00:00Z" }),
  });
  await assert.rejects(send(door, "alice", yesterday), isError("approval-refused", /more than 10 minutes ago/));
  // Whoever finds the approval of another may not bring it.
  const bundle = await approvalBundle(door, "alice");
  await assert.rejects(
    send(door, "bob", bundle),
    isError("approval-refused", /signed by user:alice, and user:bob brings it/),
  );
  const other = await sign(door.keys.builder, "signature", { image: door.image, predicate: {} });
  await assert.rejects(send(door, "alice", other), isError("statement-refused", /its annotation says .*approval/));
  await assert.rejects(send(door, "alice", Buffer.from("{}")), isError("statement-refused", /no sigstore bundle/));
  assert.equal(door.controller.ledger.log.checkpoint().size, size);
  assert.deepEqual(door.facts().approvals, []);
});

test("approval for another digest is refused", async (t) => {
  const door = await openDoor(t);
  const other = putTinyImage(door.controller.store, { text: "another" });
  await door.record(pushedImage(other, "workload:ci"));
  const bundle = (await approvalBundle(door, "alice")).toString();
  const sent = approve(door.controller, principal("alice", "approver"), { image: other.digest, bundle });
  await assert.rejects(sent, isError("statement-refused", /about "sha256:\w+", not about this image/));
});

test("the author's own approval is refused by the policy, with its name, and the denial is on the record", async (t) => {
  const door = await openDoor(t);
  await door.record(pushedImage(door.image, "user:alice"));
  await assert.rejects(
    send(door, "alice", await approvalBundle(door, "alice")),
    isError(
      "policy-denied",
      /user:alice may not approve repository shop\/web: user:alice is among the authors or builders/,
    ),
  );
  const last = door.controller.ledger.event(door.controller.ledger.log.checkpoint().size - 1);
  assert.deepEqual([last.type, last.data.permit, last.data.policies], ["decision.made", false, ["own-image"]]);
});

test("an image is described with its tags, statements, facts, and what each environment says of it", async (t) => {
  const door = await openDoor(t);
  const { digest } = door.image;
  await door.record(makeEvent("workload:ci", "tag.set", { repository, tag: "1.0", digest }));
  const { manifest } = await door.push(
    await sign(door.keys.builder, "signature", { image: door.image, predicate: {} }),
  );
  const { ledger } = door.controller;
  const described = describeImage(
    door.controller,
    { state: ledger.state, now: ledger.now().getTime() / 1000 },
    "shop/web:1.0",
  );
  assert.deepEqual([described.image, described.tags], [digest, ["1.0"]]);
  assert.deepEqual(
    described.statements.map((one) => [one.kind, one.by, one.role, one.manifest]),
    [["signature", "workload:ci", "builder", manifest]],
  );
  const missing = described.environments.map(({ environment, decision }) => [
    environment,
    decision.missing.map(({ policy }) => policy),
  ]);
  const needed = ["provenance", "sbom", "scan", "tested"];
  assert.deepEqual(missing, [
    ["production", [...needed, "approvals"]],
    ["staging", needed],
  ]);
});

function approvalBundle(door: Door, person: "alice" | "bob"): Promise<Buffer> {
  return sign(door.keys.people[person], "approval", {
    image: door.image,
    predicate: approvalOf(door, `user:${person}`),
  });
}

function send(door: Door, person: string, bundle: Buffer): Promise<TakenApproval> {
  const order = { image: door.image.digest, bundle: bundle.toString() };
  return approve(door.controller, principal(person, "approver"), order);
}

function isError(code: string, message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof IngotError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    assert.ok(error.hint !== undefined);
    return true;
  };
}
