import assert from "node:assert/strict";
import { existsSync, readdirSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { digestOf } from "../../oci/digest.ts";
import { openTestController, principal, type TestController } from "../controller.fixture.ts";
import { openRegistry } from "./registry.ts";
import type { Pieces } from "./upload.ts";

const alice = principal("alice", "admin");

async function* pieces(...texts: readonly string[]): Pieces {
  for (const text of texts) yield [Buffer.from(text)];
}

function sessions({ ctx }: TestController): readonly string[] {
  return readdirSync(join(ctx.home, "registry/uploads"));
}

test("an upload goes on after the controller was killed, and its digest is of all of it", async (t) => {
  const world = await openTestController(t);
  const before = openRegistry(world.controller);
  const upload = before.uploads.start(alice, "shop/web");
  await upload.append(pieces("one, ", "two, "));
  // Nothing is closed: as after SIGKILL, only what is on disk is known.
  const after = openRegistry(world.controller);
  const found = after.uploads.find(alice, "shop/web", upload.id);
  assert.equal(found.size(), 10);
  await found.append(pieces("three"));
  await found.finish(digestOf("one, two, three"));
  assert.equal(world.controller.store.readBlob(digestOf("one, two, three")).toString(), "one, two, three");
  assert.deepEqual(sessions(world), []);
});

test("what a crash of the machine took from an upload is seen in its digest, and no blob comes of it", async (t) => {
  const world = await openTestController(t);
  const upload = openRegistry(world.controller).uploads.start(alice, "shop/web");
  await upload.append(pieces("one, ", "two"));
  truncateSync(join(world.ctx.home, "registry/uploads", upload.id, "data"), 4);
  const found = openRegistry(world.controller).uploads.find(alice, "shop/web", upload.id);
  await assert.rejects(found.finish(digestOf("one, two")), { code: "blob-mismatch" });
  assert.ok(!world.controller.store.hasBlob(digestOf("one, two")));
  assert.deepEqual(sessions(world), []);
});

test("a body that breaks off leaves what came before it, to go on from", async (t) => {
  const world = await openTestController(t);
  const { uploads } = openRegistry(world.controller);
  const upload = uploads.start(alice, "shop/web");
  async function* broken(): Pieces {
    yield [Buffer.from("one, ")];
    throw new Error("the line is cut");
  }
  await assert.rejects(upload.append(broken()), /the line is cut/);
  assert.equal(upload.size(), 5);
  await upload.append(pieces("two"));
  await upload.finish(digestOf("one, two"));
});

test("two requests at once do not write into one upload", async (t) => {
  const world = await openTestController(t);
  const upload = openRegistry(world.controller).uploads.start(alice, "shop/web");
  const first = upload.append(pieces("one"));
  await assert.rejects(upload.append(pieces("two")), { code: "upload-invalid" });
  await first;
  await upload.finish(digestOf("one"));
});

test("an upload that is cancelled while it ends is no blob", async (t) => {
  const world = await openTestController(t);
  const { uploads } = openRegistry(world.controller);
  const upload = uploads.start(alice, "shop/web");
  await upload.append(pieces("one"));
  const ending = upload.finish(digestOf("one"));
  upload.cancel();
  await assert.rejects(ending, { code: "upload-unknown" });
  assert.throws(() => uploads.find(alice, "shop/web", upload.id), { code: "upload-unknown" });
});

test("whoever still holds an upload that was cancelled is told so", async (t) => {
  const world = await openTestController(t);
  const upload = openRegistry(world.controller).uploads.start(alice, "shop/web");
  const appending = upload.append(pieces("one"));
  upload.cancel();
  await appending.catch(() => {});
  await assert.rejects(upload.append(pieces("two")), { code: "upload-unknown" });
  await assert.rejects(upload.finish(digestOf("one")), { code: "upload-unknown" });
});

test("an upload that nobody goes on with for a day is swept, and half a session too", async (t) => {
  const world = await openTestController(t, { now: new Date() });
  const { uploads } = openRegistry(world.controller);
  const upload = uploads.start(alice, "shop/web");
  await upload.append(pieces("one"));
  world.pass(23 * 3600);
  assert.equal(uploads.sweep(), 0);
  world.pass(2 * 3600);
  assert.equal(uploads.sweep(), 1);
  assert.deepEqual(sessions(world), []);
  assert.throws(() => uploads.find(alice, "shop/web", upload.id), { code: "upload-unknown" });
});

test("the right to list a blob is on disk before the blob is", async (t) => {
  const world = await openTestController(t);
  const upload = openRegistry(world.controller).uploads.start(alice, "shop/web");
  await upload.append(pieces("one"));
  await upload.finish(digestOf("one"));
  const link = join(world.ctx.home, "registry/links/shop/web/_blobs", digestOf("one").slice(7));
  assert.ok(existsSync(link));
  assert.ok(openRegistry(world.controller).links.has("shop/web", digestOf("one")));
  assert.ok(!openRegistry(world.controller).links.has("shop", digestOf("one")));
});
