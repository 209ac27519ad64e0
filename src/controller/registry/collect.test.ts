import assert from "node:assert/strict";
import { utimesSync } from "node:fs";
import { test } from "node:test";
import { pushImage, startRegistry, type TestRegistry } from "../../api/registry/registry.fixture.ts";
import type { Digest } from "../../oci/digest.ts";
import { putTinyImage } from "../../oci/tiny-image.fixture.ts";
import { makeEvent } from "../events/events.ts";
import { collect } from "./collect.ts";
import { withRegistryHeld } from "./hold-registry.ts";

const actor = "user:admin";

/** As if it had been stored two hours ago. */
function age({ controller, ctx }: TestRegistry, ...digests: readonly Digest[]): void {
  const time = new Date(ctx.now().getTime() - 7_200_000);
  for (const digest of digests) utimesSync(controller.store.blobPath(digest), time, time);
}

test("garbage collection leaves what manifests list, and takes what a deleted one listed", async (t) => {
  const world = await startRegistry(t, { now: new Date() });
  const { admin, controller } = world;
  const kept = await pushImage(admin, "shop/web", { tag: "1", text: "one" });
  const untagged = await pushImage(admin, "shop/web", { text: "two" });
  const gone = await pushImage(admin, "shop/web", { tag: "3", text: "three" });
  for (const one of [kept, untagged, gone]) age(world, one.digest, one.config, one.layer);
  assert.equal((await admin.send("DELETE", `/v2/shop/web/manifests/${gone.digest}`)).status, 202);
  world.pass(7200);
  const plan = await collect(controller, { actor, dryRun: true });
  const done = await collect(controller, { actor });
  const expected = [gone.digest, gone.config, gone.layer].toSorted();
  assert.deepEqual(plan.blobs.map(({ digest }) => digest).toSorted(), expected);
  assert.deepEqual(done.blobs.map(({ digest }) => digest).toSorted(), expected);
  for (const one of [kept, untagged]) {
    for (const digest of [one.digest, one.config, one.layer]) assert.ok(controller.store.hasBlob(digest));
  }
  const event = controller.ledger.event(controller.ledger.log.checkpoint().size - 1);
  assert.deepEqual([event.type, event.data], ["garbage.collected", { blobs: 3, freed: done.freed }]);
});

test("an upload that waits for its manifest stays for the time of grace, and its right to be listed ends with it", async (t) => {
  const world = await startRegistry(t, { now: new Date() });
  const { admin, controller } = world;
  const blob = await admin.pushBlob("shop/web", "waiting");
  age(world, blob);
  assert.deepEqual((await collect(controller, { actor, grace: 60_000 })).blobs, []);
  world.pass(24 * 3600);
  assert.deepEqual(
    (await collect(controller, { actor, grace: 60_000 })).blobs.map(({ digest }) => digest),
    [blob],
  );
  const later = world.as(await world.enter("user:bob", ["admin"]));
  assert.equal((await later.send("HEAD", `/v2/shop/web/blobs/${blob}`)).status, 404);
});

test("a manifest that is pushed while garbage is collected is there, with all that it lists", async (t) => {
  const world = await startRegistry(t, { now: new Date() });
  const { admin, controller } = world;
  const gone = await pushImage(admin, "shop/web", { tag: "1" });
  await admin.send("DELETE", `/v2/shop/web/manifests/${gone.digest}`);
  const digests = [gone.digest, gone.config, gone.layer];
  for (let round = 0; round < 10; round += 1) {
    age(world, ...digests);
    const [, pushed] = await Promise.all([
      collect(controller, { actor, grace: 60_000 }),
      pushImage(admin, "shop/web", { tag: "1" }).catch(() => undefined),
      collect(controller, { actor, grace: 60_000 }),
    ]);
    if (pushed === undefined) await pushImage(admin, "shop/web", { tag: "1" });
    for (const digest of digests) assert.ok(controller.store.hasBlob(digest), `round ${round}`);
    await admin.send("DELETE", `/v2/shop/web/manifests/${gone.digest}`);
  }
});

test("an image that has a name in the store stays, though no repository has it", async (t) => {
  const world = await startRegistry(t, { now: new Date() });
  const { store } = world.controller;
  const named = putTinyImage(store, { text: "named" });
  const nameless = putTinyImage(store, { text: "nameless" });
  await store.setReference("shop/base", named);
  world.pass(24 * 3600);
  const { blobs } = await collect(world.controller, { actor });
  assert.ok(blobs.some(({ digest }) => digest === nameless.digest));
  assert.ok(store.hasBlob(named.digest));
});

test("an image that was released is not deleted, and stays in the store", async (t) => {
  const world = await startRegistry(t, { now: new Date() });
  const { admin, controller } = world;
  const { digest, layer, config } = await pushImage(admin, "shop/web", { tag: "1" });
  await controller.ledger.transact(() => ({
    events: [
      makeEvent("user:admin", "release.created", {
        service: "web",
        environment: "production",
        number: 1,
        repository: "shop/web",
        image: digest,
        configuration: {},
        decision: 0,
        reason: "",
      }),
    ],
    result: undefined,
  }));
  const answer = await admin.send("DELETE", `/v2/shop/web/manifests/${digest}`);
  assert.equal(answer.status, 409);
  const { errors } = (await answer.json()) as { errors: readonly { message: string; detail: { code: string } }[] };
  assert.equal(errors[0]?.detail.code, "image-in-use");
  assert.match(errors[0]?.message ?? "", /release 1 of web in production/);
  world.pass(24 * 3600);
  await collect(controller, { actor });
  for (const one of [digest, layer, config]) assert.ok(controller.store.hasBlob(one));
});

test("a command that sweeps the store of a home leaves the registry of its controller, and is refused while that runs", async (t) => {
  const world = await startRegistry(t, { now: new Date() });
  const { admin, controller, ctx } = world;
  const { digest, layer, config } = await pushImage(admin, "shop/web", { tag: "1" });
  const work = async (): Promise<void> => assert.fail("a controller runs");
  await assert.rejects(withRegistryHeld(ctx, { grace: 0 }, work), { code: "locked-by-another" });
  await controller.close();
  const { collectGarbage } = await import("../../oci/collect.ts");
  const later = new Date(ctx.now().getTime() + 24 * 3600 * 1000);
  const { blobs } = await withRegistryHeld(ctx, { grace: 0 }, (keep) =>
    collectGarbage(controller.store, { keep, grace: 0, now: later }),
  );
  assert.deepEqual(blobs, []);
  for (const one of [digest, layer, config]) assert.ok(controller.store.hasBlob(one));
  // Without it they would go: no name of the store leads to them.
  assert.equal((await collectGarbage(controller.store, { grace: 0, now: later })).blobs.length, 3);
});
