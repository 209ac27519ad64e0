import assert from "node:assert/strict";
import { test } from "node:test";
import { digestOf } from "../../../oci/digest.ts";
import { mediaTypes } from "../../../oci/media-types.ts";
import { codesOf, pushImage, startRegistry, type RegistryClient } from "../registry.fixture.ts";

const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/;

async function begin(client: RegistryClient, repository = "shop/web"): Promise<string> {
  const answer = await client.send("POST", `/v2/${repository}/blobs/uploads/`);
  assert.equal(answer.status, 202);
  return answer.headers.get("location") ?? "";
}

test("push: blobs, distribution-spec 1.1", async (t) => {
  const { admin } = await startRegistry(t);
  const blob = "pushed in parts";
  const digest = digestOf(blob);

  await t.test("POST request should yield a session ID, which is a UUID", async () => {
    assert.match(await begin(admin), uuid);
  });
  await t.test("PATCH request with blob in body should yield 202, and PUT with digest 201 (streamed)", async () => {
    const location = await begin(admin, "streamed/one");
    const body = new ReadableStream({
      start: (controller) => {
        controller.enqueue(Buffer.from(blob));
        controller.close();
      },
    });
    const patch = await admin.send("PATCH", location, { body });
    assert.equal(patch.status, 202);
    assert.equal(patch.headers.get("range"), `0-${blob.length - 1}`);
    const put = await admin.send("PUT", `${patch.headers.get("location")}?digest=${digest}`);
    assert.equal(put.status, 201);
    assert.equal(await (await admin.send("GET", put.headers.get("location") ?? "")).text(), blob);
  });
  await t.test("POST request with digest and blob should yield a 201, with a pullable location", async () => {
    const answer = await admin.send("POST", `/v2/single/post/blobs/uploads/?digest=${digest}`, { body: blob });
    assert.equal(answer.status, 201);
    assert.equal(answer.headers.get("docker-content-digest"), digest);
    assert.equal((await admin.send("HEAD", answer.headers.get("location") ?? "")).status, 200);
  });
  await t.test("PUT upload of a blob should yield a 201 Response", async () => {
    const put = await admin.send("PUT", `${await begin(admin, "post/put")}?digest=${digest}`, { body: blob });
    assert.equal(put.status, 201);
    assert.equal(put.headers.get("location"), `/v2/post/put/blobs/${digest}`);
    assert.equal(await (await admin.send("GET", `/v2/post/put/blobs/${digest}`)).text(), blob);
  });
  await t.test("an empty blob is a blob", async () => {
    const put = await admin.send("PUT", `${await begin(admin)}?digest=${digestOf("")}`);
    assert.equal(put.status, 201);
    const answer = await admin.send("GET", `/v2/shop/web/blobs/${digestOf("")}`);
    assert.deepEqual([answer.status, await answer.text()], [200, ""]);
  });
  await t.test("an upload ends only with the digest of what was sent", async () => {
    const location = await begin(admin);
    const put = await admin.send("PUT", `${location}?digest=${digestOf("another")}`, { body: blob });
    assert.equal(put.status, 400);
    assert.deepEqual(await codesOf(put), ["DIGEST_INVALID"]);
    assert.equal((await admin.send("GET", location)).status, 404);
    const without = await admin.send("PUT", await begin(admin));
    assert.deepEqual([without.status, await codesOf(without)], [400, ["DIGEST_INVALID"]]);
  });
  await t.test("DELETE cancels an upload", async () => {
    const location = await begin(admin);
    assert.equal((await admin.send("DELETE", location)).status, 204);
    const put = await admin.send("PUT", `${location}?digest=${digest}`, { body: blob });
    assert.deepEqual([put.status, await codesOf(put)], [404, ["BLOB_UPLOAD_UNKNOWN"]]);
  });
});

test("push: in chunks, distribution-spec 1.1", async (t) => {
  const { admin } = await startRegistry(t);
  const [first, second] = ["first chunk, ", "second chunk"];
  const chunk = (location: string, from: number, body: string) =>
    admin.send("PATCH", location, { headers: { "content-range": `${from}-${from + body.length - 1}` }, body });
  let location = await begin(admin);

  await t.test("Out-of-order blob upload should return 416", async () => {
    const answer = await chunk(location, first.length, second);
    assert.equal(answer.status, 416);
    assert.deepEqual(await codesOf(answer), ["BLOB_UPLOAD_INVALID"]);
  });
  await t.test("PATCH request with first chunk should return 202", async () => {
    const answer = await chunk(location, 0, first);
    assert.equal(answer.status, 202);
    assert.equal(answer.headers.get("range"), `0-${first.length - 1}`);
    location = answer.headers.get("location") ?? "";
  });
  await t.test("Retry previous blob chunk should return 416, and say how far it got", async () => {
    const answer = await chunk(location, 0, first);
    assert.equal(answer.status, 416);
    assert.equal(answer.headers.get("range"), `0-${first.length - 1}`);
  });
  await t.test("Get on stale blob upload should return 204 with a range and location", async () => {
    const answer = await admin.send("GET", location);
    assert.equal(answer.status, 204);
    assert.equal(answer.headers.get("range"), `0-${first.length - 1}`);
    assert.equal(answer.headers.get("location"), location);
  });
  await t.test("a chunk that is not as long as its range says is refused", async () => {
    const headers = { "content-range": `${first.length}-${first.length + 99}` };
    const answer = await admin.send("PATCH", location, { headers, body: second });
    assert.equal(answer.status, 416);
  });
  await t.test("a Content-Range of another form is refused", async () => {
    const answer = await admin.send("PATCH", location, { headers: { "content-range": "all" }, body: second });
    assert.equal(answer.status, 416);
  });
  await t.test("PATCH request with second chunk should return 202", async () => {
    assert.equal((await chunk(location, first.length, second)).status, 202);
  });
  await t.test("PUT request with digest should return 201", async () => {
    const digest = digestOf(first + second);
    const answer = await admin.send("PUT", `${location}?digest=${digest}`);
    assert.equal(answer.status, 201);
    assert.equal(await (await admin.send("GET", `/v2/shop/web/blobs/${digest}`)).text(), first + second);
  });
  await t.test("the final chunk may come with the closing PUT", async () => {
    const other = await begin(admin);
    await chunk(other, 0, first);
    const headers = { "content-range": `${first.length}-${first.length + second.length - 1}` };
    const body = second;
    const answer = await admin.send("PUT", `${other}?digest=${digestOf(first + second)}`, { headers, body });
    assert.equal(answer.status, 201);
  });
});

test("push: mounts from another repository, distribution-spec 1.1", async (t) => {
  const { admin } = await startRegistry(t);
  const blob = await admin.pushBlob("shop/web", "mounted");

  await t.test("POST request to mount another repository's blob should return 201", async () => {
    const answer = await admin.send("POST", `/v2/shop/other/blobs/uploads/?mount=${blob}&from=shop/web`);
    assert.equal(answer.status, 201);
    assert.equal(answer.headers.get("location"), `/v2/shop/other/blobs/${blob}`);
    assert.equal(answer.headers.get("docker-content-digest"), blob);
  });
  await t.test("GET request to test digest within cross-mount namespace should return 200", async () => {
    assert.equal(await (await admin.send("GET", `/v2/shop/other/blobs/${blob}`)).text(), "mounted");
  });
  await t.test("Cross-mounting of a blob without the from argument should yield session id", async () => {
    const answer = await admin.send("POST", `/v2/shop/third/blobs/uploads/?mount=${blob}`);
    assert.equal(answer.status, 202);
    assert.match(answer.headers.get("location") ?? "", uuid);
  });
  await t.test("Cross-mounting of nonexistent blob should yield session id", async () => {
    const none = digestOf("nothing");
    const answer = await admin.send("POST", `/v2/shop/third/blobs/uploads/?mount=${none}&from=shop/web`);
    assert.equal(answer.status, 202);
    assert.match(answer.headers.get("location") ?? "", uuid);
  });
});

test("push: manifests, distribution-spec 1.1", async (t) => {
  const { admin } = await startRegistry(t);
  const { digest, manifest } = await pushImage(admin, "shop/web", { tag: "1" });
  const config = { mediaType: mediaTypes.empty, digest: await admin.pushBlob("shop/web", "{}"), size: 2 };

  await t.test("PUT should accept a manifest upload, with a pullable location", async () => {
    const answer = await admin.pushManifest("shop/web", "2", manifest);
    assert.equal(answer.status, 201);
    assert.equal(answer.headers.get("docker-content-digest"), digest);
    const got = await admin.send("GET", answer.headers.get("location") ?? "");
    assert.equal(await got.text(), JSON.stringify(manifest));
  });
  await t.test("Registry should accept a manifest upload with no layers", async () => {
    const empty = { schemaVersion: 2, mediaType: mediaTypes.imageManifest, config, layers: [] };
    assert.equal((await admin.pushManifest("shop/web", "empty", empty)).status, 201);
  });
  await t.test("the registry ignores parameters of the Content-Type", async () => {
    const headers = { "content-type": `${mediaTypes.imageManifest}; charset=utf-8` };
    const body = JSON.stringify(manifest);
    const answer = await admin.send("PUT", "/v2/shop/web/manifests/parameters", { headers, body });
    assert.equal(answer.status, 201);
    const got = await admin.send("GET", "/v2/shop/web/manifests/parameters");
    assert.equal(got.headers.get("content-type"), mediaTypes.imageManifest);
  });
});

test("push: manifests that are refused", async (t) => {
  const { admin } = await startRegistry(t);
  const { digest, manifest } = await pushImage(admin, "shop/web", { tag: "1" });
  await t.test("a manifest whose blobs are not in the repository is MANIFEST_BLOB_UNKNOWN", async () => {
    const answer = await admin.pushManifest("shop/elsewhere", "1", manifest);
    assert.equal(answer.status, 404);
    assert.deepEqual(await codesOf(answer), ["MANIFEST_BLOB_UNKNOWN"]);
  });
  await t.test("an index whose manifests are not in the repository is MANIFEST_BLOB_UNKNOWN", async () => {
    const size = 100;
    const manifests = [{ mediaType: mediaTypes.imageManifest, digest: digestOf("none"), size }];
    const index = { schemaVersion: 2, mediaType: mediaTypes.imageIndex, manifests };
    assert.deepEqual(await codesOf(await admin.pushManifest("shop/web", "many", index)), ["MANIFEST_BLOB_UNKNOWN"]);
  });
  await t.test("an index of manifests that are there is taken, by OCI's and Docker's type", async () => {
    const manifests = [{ mediaType: mediaTypes.imageManifest, digest, size: JSON.stringify(manifest).length }];
    for (const mediaType of [mediaTypes.imageIndex, mediaTypes.dockerManifestList]) {
      const tag = mediaType === mediaTypes.imageIndex ? "oci" : "docker";
      const answer = await admin.pushManifest("shop/web", tag, { schemaVersion: 2, mediaType, manifests });
      assert.equal(answer.status, 201);
      const got = await admin.send("GET", `/v2/shop/web/manifests/${tag}`);
      assert.equal(got.headers.get("content-type"), mediaType);
    }
  });
  await t.test("a manifest that is no JSON, or lacks what it must have, is MANIFEST_INVALID", async () => {
    const headers = { "content-type": mediaTypes.imageManifest };
    for (const body of [
      "{",
      "[]",
      JSON.stringify({ schemaVersion: 2 }),
      JSON.stringify({ ...manifest, layers: "x" }),
    ]) {
      const answer = await admin.send("PUT", "/v2/shop/web/manifests/wrong", { headers, body });
      assert.equal(answer.status, 400);
      assert.deepEqual(await codesOf(answer), ["MANIFEST_INVALID"]);
    }
  });
  await t.test("a manifest under another digest than its own is DIGEST_INVALID", async () => {
    const answer = await admin.pushManifest("shop/web", digestOf("other"), manifest);
    assert.equal(answer.status, 400);
    assert.deepEqual(await codesOf(answer), ["DIGEST_INVALID"]);
  });
  await t.test("a manifest of 4 megabytes is taken, a larger one is answered 413", async () => {
    const pad = (size: number) => ({ ...manifest, annotations: { pad: "x".repeat(size) } });
    assert.equal((await admin.pushManifest("shop/web", "large", pad(4_000_000))).status, 201);
    const answer = await admin.pushManifest("shop/web", "larger", pad(5_000_000));
    assert.equal(answer.status, 413);
  });
});

test("push: manifests with a subject, and the same once more", async (t) => {
  const { admin, controller } = await startRegistry(t);
  const { digest, manifest, layer } = await pushImage(admin, "shop/web", { tag: "1" });
  const config = { mediaType: mediaTypes.empty, digest: await admin.pushBlob("shop/web", "{}"), size: 2 };
  await t.test(
    "a manifest with subject is answered with OCI-Subject, whether its subject is there or not",
    async () => {
      for (const subject of [digest, digestOf("not there yet")]) {
        const attached = {
          schemaVersion: 2,
          mediaType: mediaTypes.imageManifest,
          artifactType: "application/vnd.example.note",
          config,
          layers: [config],
          subject: { mediaType: mediaTypes.imageManifest, digest: subject, size: 10 },
        };
        const answer = await admin.pushManifest("shop/web", digestOf(JSON.stringify(attached)), attached);
        assert.equal(answer.status, 201);
        assert.equal(answer.headers.get("oci-subject"), subject);
      }
    },
  );
  await t.test("the same manifest again is no new event", async () => {
    const { size } = controller.ledger.log.checkpoint();
    assert.equal((await admin.pushManifest("shop/web", "1", manifest)).status, 201);
    assert.equal(controller.ledger.log.checkpoint().size, size);
  });
  await t.test("a blob that a manifest lists is not listed for other repositories", async () => {
    assert.equal((await admin.send("HEAD", `/v2/shop/elsewhere/blobs/${layer}`)).status, 404);
  });
});
