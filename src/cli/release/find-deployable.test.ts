import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { processContext, type Context } from "../../ground/context.ts";
import { openStore } from "../../oci/layout.ts";
import { putTinyImage } from "../../oci/tiny-image.fixture.ts";
import { findDeployable } from "./find-deployable.ts";

const definition = `project: shop
images:
  web: {base: "debian:bookworm", command: [/bin/true], port: 80}
services:
  web: {image: web, replicas: 3, health: {tcp: true}}
`;

/** A project, or a folder without one. */
function openFolder(t: TestContext, text?: string): Context {
  const folder = mkdtempSync(join(tmpdir(), "ingot-deployable-"));
  t.after(() => rmSync(folder, { recursive: true }));
  if (text !== undefined) writeFileSync(join(folder, "ingot.yaml"), text);
  return processContext({ env: {}, cwd: folder, home: join(folder, "home") });
}

const controller = "https://ingot.example";

test("the project's image is deployed by the digest that the store has, with the words of ingot.yaml and all defaults", async (t) => {
  const ctx = openFolder(t, definition);
  const image = putTinyImage(openStore(ctx));
  await openStore(ctx).setReference("shop/web", image);
  const found = await findDeployable(ctx, { service: "web", environment: "production", controller }, {});
  assert.equal(found.image, image.digest);
  assert.equal(found.local, "shop/web");
  assert.equal(found.configuration?.replicas, 3);
  assert.equal(found.configuration?.image, undefined, "a release has an image of its own");
  assert.deepEqual(Object.keys(found.configuration ?? {}).toSorted(), [
    "drain",
    "environment",
    "files",
    "grace",
    "guard",
    "health",
    "hold",
    "in",
    "limits",
    "mode",
    "replicas",
    "secrets",
    "update",
  ]);
});

test("who has no image here, or no project, is told how to deploy what others pushed", async (t) => {
  const wanted = { service: "web", environment: "production", controller };
  const hint = "to deploy what is in the controller's registry: ingot deploy web --to production --image NAME:TAG";
  await assert.rejects(findDeployable(openFolder(t, definition), wanted, {}), { code: "reference-unknown", hint });
  await assert.rejects(findDeployable(openFolder(t), wanted, {}), { code: "definition-missing", hint });
});

test("a service that the project does not have is asked back about", async (t) => {
  const ctx = openFolder(t, definition);
  await assert.rejects(findDeployable(ctx, { service: "wep", environment: "production", controller }, {}), {
    code: "service-unknown",
    message: /did you mean web\?/,
  });
});

test("with an image of the registry there need be no project, and then the service keeps its configuration", async (t) => {
  const ctx = openFolder(t);
  const wanted = { service: "web", environment: "production", controller, image: "shop/web:1" };
  assert.deepEqual(await findDeployable(ctx, wanted, {}), { image: "shop/web:1" });
  await assert.rejects(findDeployable(ctx, { service: "web", environment: "production", controller }, {}), {
    code: "definition-missing",
  });
});

test("an image of another registry than the controller's is refused, whatever its digest", async (t) => {
  const ctx = openFolder(t, definition);
  const digest = `sha256:${"a".repeat(64)}`;
  const own = `ingot.example/shop/web@${digest}`;
  assert.equal(
    (await findDeployable(ctx, { service: "web", environment: "production", controller, image: own }, {})).image,
    own,
  );
  const other = `registry.example/shop/web@${digest}`;
  await assert.rejects(
    findDeployable(ctx, { service: "web", environment: "production", controller, image: other }, {}),
    { code: "usage" },
  );
});
