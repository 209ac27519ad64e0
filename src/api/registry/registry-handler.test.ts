import assert from "node:assert/strict";
import { test } from "node:test";
import { pushImage, startRegistry } from "./registry.fixture.ts";

test("an image that is pushed can be pulled", async (t) => {
  const { admin } = await startRegistry(t);
  const { digest, manifest } = await pushImage(admin, "shop/web", { tag: "1" });
  const answer = await admin.send("GET", "/v2/shop/web/manifests/1");
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("docker-content-digest"), digest);
  assert.deepEqual(await answer.json(), manifest);
});
