import assert from "node:assert/strict";
import { test } from "node:test";
import { digestOf } from "../../../oci/digest.ts";
import { mediaTypes } from "../../../oci/media-types.ts";
import { codesOf, pushImage, startRegistry } from "../registry.fixture.ts";

test("content management: distribution-spec 1.1", async (t) => {
  const { admin, enter, as } = await startRegistry(t);
  const image = await pushImage(admin, "shop/web", { tag: "1" });
  await admin.pushManifest("shop/web", "2", image.manifest);
  const remove = (path: string) => admin.send("DELETE", `/v2/shop/web/${path}`);
  const tags = async (): Promise<readonly string[]> => {
    const answer = await admin.send("GET", "/v2/shop/web/tags/list");
    return answer.status === 404 ? [] : ((await answer.json()) as { tags: readonly string[] }).tags;
  };

  await t.test("DELETE request to manifest tag should return 202, and the manifest stays", async () => {
    assert.equal((await remove("manifests/1")).status, 202);
    assert.equal((await admin.send("GET", "/v2/shop/web/manifests/1")).status, 404);
    assert.equal((await admin.send("GET", `/v2/shop/web/manifests/${image.digest}`)).status, 200);
  });
  await t.test("GET request to tags list should reflect the deletion", async () => {
    assert.deepEqual(await tags(), ["2"]);
  });
  await t.test("a blob that a manifest lists is not deleted", async () => {
    const answer = await remove(`blobs/${image.layer}`);
    assert.equal(answer.status, 409);
    assert.match(await answer.text(), /image-in-use/);
  });
  await t.test("who may push may not delete", async () => {
    const builder = as(await enter("workload:ci", ["builder"]));
    const answer = await builder.send("DELETE", `/v2/shop/web/manifests/${image.digest}`);
    assert.deepEqual([answer.status, await codesOf(answer)], [403, ["DENIED"]]);
  });
  await t.test("DELETE request to manifest (digest) should yield 202 response", async () => {
    assert.equal((await remove(`manifests/${image.digest}`)).status, 202);
  });
  await t.test(
    "GET request to deleted manifest URL should yield 404, and so should any tag that pointed to it",
    async () => {
      for (const reference of [image.digest, "2"]) {
        assert.equal((await admin.send("GET", `/v2/shop/web/manifests/${reference}`)).status, 404);
      }
      assert.deepEqual(await tags(), []);
    },
  );
  await t.test("DELETE of what is not there should yield 404", async () => {
    assert.equal((await remove(`manifests/${image.digest}`)).status, 404);
    assert.equal((await remove("manifests/none")).status, 404);
    assert.equal((await admin.send("DELETE", `/v2/no/such/manifests/${image.digest}`)).status, 404);
  });
  await t.test("DELETE request to blob URL should yield 202 response, and GET 404 from then on", async () => {
    assert.equal((await remove(`blobs/${image.layer}`)).status, 202);
    assert.equal((await admin.send("GET", `/v2/shop/web/blobs/${image.layer}`)).status, 404);
    assert.equal((await remove(`blobs/${image.layer}`)).status, 404);
  });
});

test("content management: what is needed, and what cannot be done", async (t) => {
  const { admin } = await startRegistry(t);
  await t.test("a manifest that an index lists is not deleted before the index", async () => {
    const child = await pushImage(admin, "shop/many");
    const size = JSON.stringify(child.manifest).length;
    const manifests = [{ mediaType: mediaTypes.imageManifest, digest: child.digest, size }];
    const index = { schemaVersion: 2, mediaType: mediaTypes.imageIndex, manifests };
    const pushed = await admin.pushManifest("shop/many", "1", index);
    const digest = pushed.headers.get("docker-content-digest");
    const path = `/v2/shop/many/manifests/${child.digest}`;
    assert.equal((await admin.send("DELETE", path)).status, 409);
    assert.equal((await admin.send("DELETE", `/v2/shop/many/manifests/${digest}`)).status, 202);
    assert.equal((await admin.send("DELETE", path)).status, 202);
  });
  await t.test("a method that an endpoint does not have is answered 405 UNSUPPORTED", async () => {
    for (const path of ["manifests/1", `blobs/${digestOf("")}`, "tags/list", "blobs/uploads/"]) {
      const answer = await admin.send("OPTIONS", `/v2/shop/web/${path}`);
      assert.deepEqual([answer.status, await codesOf(answer)], [405, ["UNSUPPORTED"]]);
    }
  });
});

test("a tag that names an image names no other, but where the settings let it move", async (t) => {
  const { admin, controller } = await startRegistry(t, { settings: { mutableTags: ["dev/*"] } });
  for (const repository of ["shop/web", "dev/web"]) {
    const first = await pushImage(admin, repository, { tag: "latest", text: "one" });
    const second = await pushImage(admin, repository, { text: "two" });
    assert.equal((await admin.pushManifest(repository, "latest", first.manifest)).status, 201);
    const answer = await admin.pushManifest(repository, "latest", second.manifest);
    if (repository === "dev/web") {
      assert.equal(answer.status, 201);
      continue;
    }
    assert.equal(answer.status, 409);
    const text = await answer.text();
    assert.match(text, /tag-immutable/);
    assert.match(text, new RegExp(`shop/web:latest is ${first.digest} for ever.*Next: push under a new tag`));
  }
  // Nothing is on the record of what was refused.
  const tags = [...controller.ledger.events()].filter(({ type }) => type === "tag.set");
  assert.equal(tags.length, 3);
});
