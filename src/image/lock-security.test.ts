import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { DebDescription } from "../../test/support/build-deb.ts";
import { makeTestMirror } from "../../test/support/test-mirror.ts";
import type { ImageDefinition } from "../project/definition.ts";
import { definitionOf } from "./image.fixture.ts";
import { lacksSecurity, warnOfLack } from "./lacks-security.ts";
import { describeLockDiff, diffLocks } from "./lock-diff.ts";
import { lockImages, versionsOf, type LockImagesOptions } from "./lock-images.fixture.ts";
import type { LockRequest, LockResult } from "./lock-project.ts";
import type { Lock } from "./lock.ts";

const mirror = await makeTestMirror({ after });
const { archive } = mirror;
const lock = (images: readonly ImageDefinition[], request?: LockImagesOptions) => lockImages(mirror, images, request);

const only = (former: Lock, update: LockRequest["update"] = "all") => ({ former, update, security: "only" as const });

const suites = ({ lock: { images } }: LockResult, image = "web") => images[image]?.suites.map(({ suite }) => suite);

const withoutSecurity = ["bookworm", "bookworm-updates"];
const withSecurity = [...withoutSecurity, "bookworm-security"];

const packageOf = (name: string, version: string, fields: DebDescription["fields"] = {}): DebDescription => ({
  name,
  version,
  fields,
});
const essential = packageOf("base-files", "12", { Essential: "yes" });
const old = [essential, packageOf("lib", "1.0"), packageOf("tool", "1.0"), packageOf("web", "1.0", { Depends: "lib" })];
const web = definitionOf({ packages: ["web", "tool"] });

test("an update to the security suite moves what has a fix there, to exactly that, and nothing else", async () => {
  await archive.publish({ main: old });
  const former = (await lock([web])).lock;
  await archive.publish({
    // A point release is ahead of the security suite: that is for another kind of update.
    main: [...old, packageOf("tool", "1.1"), packageOf("lib", "1.2")],
    updates: [packageOf("web", "1.3")],
    security: [packageOf("lib", "1.1"), packageOf("web", "1.0+b1", { Source: "web (1.0)", Depends: "lib" })],
  });
  const updated = await lock([web], only(former));
  assert.deepEqual(versionsOf(updated), { "base-files": "12", lib: "1.1", tool: "1.0", web: "1.0" });
  assert.deepEqual(updated.moved, []);
  assert.deepEqual(
    (await lock([web], only(updated.lock))).lock,
    updated.lock,
    "a second time there is nothing to move",
  );
});

test("what a fix depends on moves with it and is told, a package that it newly needs comes in", async () => {
  await archive.publish({ main: old });
  const former = (await lock([web])).lock;
  await archive.publish({
    main: [...old, packageOf("tool", "2.0"), packageOf("fresh", "1.0")],
    security: [packageOf("web", "1.1", { Depends: "lib, tool (>= 2.0), fresh" })],
  });
  const updated = await lock([web], only(former));
  assert.deepEqual(versionsOf(updated), { "base-files": "12", fresh: "1.0", lib: "1.0", tool: "2.0", web: "1.1" });
  assert.deepEqual(updated.moved, ["web: tool 1.0 → 2.0: web 1.1 depends on tool (>= 2.0)"]);
});

test("only the packages that are named move, and only to the security suite", async () => {
  await archive.publish({ main: old });
  const former = (await lock([web])).lock;
  await archive.publish({
    main: [...old, packageOf("tool", "2.0")],
    security: [packageOf("lib", "1.1"), packageOf("web", "1.1")],
  });
  assert.deepEqual(versionsOf(await lock([web], only(former, ["lib", "tool"]))), {
    "base-files": "12",
    lib: "1.1",
    tool: "1.0",
    web: "1.0",
  });
});

test("a package that another source took over is not a fix of the locked one", async () => {
  await archive.publish({ main: old });
  const former = (await lock([web])).lock;
  await archive.publish({ main: old, security: [packageOf("tool", "9.0", { Source: "toolbox" })] });
  assert.equal(versionsOf(await lock([web], only(former))).tool, "1.0");
});

test("an image that was locked without the security suite stays without it, says so, and gets it by an update", async () => {
  await archive.publish({ main: old, security: [packageOf("lib", "1.1"), packageOf("more", "1.1")] });
  const first = await lock([web], { security: "without" });
  assert.deepEqual(suites(first), withoutSecurity);
  assert.equal(versionsOf(first).lib, "1.0");
  assert.deepEqual(warnOfLack(first.lock), [
    'web is locked without the security suite: known fixes are missing; "ingot lock --update --security" brings them',
  ]);
  assert.deepEqual((await lock([web], { former: first.lock })).lock, first.lock);
  const changed = definitionOf({ packages: ["web"] });
  assert.deepEqual(suites(await lock([changed], { former: first.lock })), withoutSecurity);
  for (const request of [only(first.lock), { former: first.lock, update: "all" as const }]) {
    const updated = await lock([web], request);
    assert.deepEqual(suites(updated), withSecurity);
    assert.equal(versionsOf(updated).lib, "1.1");
    assert.deepEqual(warnOfLack(updated.lock), []);
    assert.ok(
      describeLockDiff(diffLocks(first.lock, updated.lock)).includes("web: suite bookworm-security is used now"),
    );
  }
});

test("the suite is taken in though none of its packages is newer, so that the warning ends", async () => {
  await archive.publish({ main: old });
  const first = await lock([web], { security: "without" });
  const updated = await lock([web], only(first.lock));
  assert.deepEqual(suites(updated), withSecurity);
  assert.deepEqual(versionsOf(updated), versionsOf(first));
  assert.deepEqual(updated.lock.images.web?.stages, first.lock.images.web?.stages);
});

test("leaving the security suite goes back to what the others have, and says that it is used no more", async () => {
  await archive.publish({ main: old, security: [packageOf("lib", "1.1")] });
  const former = (await lock([web])).lock;
  const less = await lock([web], { former, security: "without" });
  assert.equal(versionsOf(less).lib, "1.0");
  assert.ok(describeLockDiff(diffLocks(former, less.lock)).includes("web: suite bookworm-security is used no more"));
});

test("an image on another one is locked from the same suites as that one", async () => {
  await archive.publish({
    main: [...old, packageOf("shop", "1.0")],
    security: [packageOf("shop", "1.1", { Depends: "lib (>= 1.1)" }), packageOf("lib", "1.1")],
  });
  const former = (await lock([web], { security: "without" })).lock;
  const shop = definitionOf({ name: "shop", base: { kind: "image", name: "web" }, packages: ["shop"] });
  const stacked = await lock([web, shop], { former });
  assert.deepEqual(versionsOf(stacked, "shop"), { shop: "1.0" });
  assert.equal(warnOfLack(stacked.lock).length, 2);
  const updated = await lock([web, shop], only(stacked.lock));
  assert.deepEqual(versionsOf(updated, "shop"), { shop: "1.1" });
  assert.equal(versionsOf(updated).lib, "1.1");
});

test("a release that has no security suite does not lack it", () => {
  const suite = { archive: "main", suite: "sid", components: [], digest: "sha256:0", date: "", signedBy: [] } as const;
  assert.equal(lacksSecurity({ suites: [suite as never] }), false);
  assert.equal(lacksSecurity({ suites: [] }), false);
  assert.equal(lacksSecurity(undefined), false);
});
