import assert from "node:assert/strict";
import { test } from "node:test";
import { mediaTypes } from "../../../oci/media-types.ts";
import { codesOf, pushImage, startRegistry } from "../registry.fixture.ts";

const none = `sha256:${"0".repeat(64)}`;
const notFound = "/v2/shop/web/manifests/.INVALID_MANIFEST_NAME";

test("pull: distribution-spec 1.1", async (t) => {
  const { admin } = await startRegistry(t);
  const image = await pushImage(admin, "shop/web", { tag: "1" });
  const sent = JSON.stringify(image.manifest);
  const get = (path: string) => admin.send("GET", `/v2/shop/web/${path}`);
  const head = (path: string) => admin.send("HEAD", `/v2/shop/web/${path}`);

  await t.test("end-1: GET /v2/ tells that the registry implements the specification", async () => {
    assert.equal((await admin.send("GET", "/v2/")).status, 200);
  });
  await t.test("HEAD request to nonexistent blob should result in 404 response", async () => {
    assert.equal((await head(`blobs/${none}`)).status, 404);
  });
  await t.test("HEAD request to existing blob should yield 200, with its digest and size", async () => {
    const answer = await head(`blobs/${image.layer}`);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get("docker-content-digest"), image.layer);
    assert.equal(answer.headers.get("content-length"), "7");
  });
  await t.test("GET nonexistent blob should result in 404 response", async () => {
    const answer = await get(`blobs/${none}`);
    assert.equal(answer.status, 404);
    assert.deepEqual(await codesOf(answer), ["BLOB_UNKNOWN"]);
  });
  await t.test("GET request to existing blob URL should yield 200 and the blob", async () => {
    const answer = await get(`blobs/${image.layer}`);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get("docker-content-digest"), image.layer);
    assert.equal(await answer.text(), "a layer");
  });
  await t.test("HEAD request to nonexistent manifest should return 404", async () => {
    assert.equal((await head("manifests/none")).status, 404);
    assert.equal((await head(`manifests/${none}`)).status, 404);
  });
  for (const [how, reference] of [
    ["digest", image.digest],
    ["tag", "1"],
  ]) {
    await t.test(`HEAD request to manifest path (${how}) should yield 200 response`, async () => {
      const answer = await head(`manifests/${reference}`);
      assert.equal(answer.status, 200);
      assert.equal(answer.headers.get("docker-content-digest"), image.digest);
      assert.equal(answer.headers.get("content-length"), String(sent.length));
      assert.equal(answer.headers.get("content-type"), mediaTypes.imageManifest);
      assert.equal(await answer.text(), "");
    });
    await t.test(
      `GET request to manifest path (${how}) should yield 200 response, byte by byte as pushed`,
      async () => {
        const answer = await get(`manifests/${reference}`);
        assert.equal(answer.status, 200);
        assert.equal(answer.headers.get("content-type"), mediaTypes.imageManifest);
        assert.equal(answer.headers.get("docker-content-digest"), image.digest);
        assert.equal(await answer.text(), sent);
      },
    );
  }
});

test("pull: what is not there, and what is no reference", async (t) => {
  const { admin } = await startRegistry(t);
  const image = await pushImage(admin, "shop/web", { tag: "1" });
  const get = (path: string) => admin.send("GET", `/v2/shop/web/${path}`);
  await t.test("GET nonexistent manifest should return 404", async () => {
    const answer = await get(`manifests/${none}`);
    assert.equal(answer.status, 404);
    assert.deepEqual(await codesOf(answer), ["MANIFEST_UNKNOWN"]);
  });
  await t.test("GET of a nonexistent repository must return 404", async () => {
    const answer = await admin.send("GET", "/v2/nobody/knows/manifests/latest");
    assert.equal(answer.status, 404);
    assert.deepEqual(await codesOf(answer), ["NAME_UNKNOWN"]);
  });
  await t.test("a blob is there in its repository only", async () => {
    assert.equal((await admin.send("GET", `/v2/shop/other/blobs/${image.layer}`)).status, 404);
  });
  await t.test("400 response body should contain OCI-conforming JSON message", async () => {
    const answer = await admin.send("PUT", "/v2/shop/web/manifests/sha256:totallywrong", {
      headers: { "content-type": mediaTypes.imageManifest },
      body: "blablabla",
    });
    assert.equal(answer.status, 400);
    assert.equal(answer.headers.get("content-type"), "application/json");
    const body = (await answer.json()) as { errors: readonly { code: string; message: string; detail: object }[] };
    assert.match(body.errors[0]?.code ?? "", /^[A-Z_]+$/);
    assert.match(body.errors[0]?.message ?? "", /is not the name of a digest/);
    assert.deepEqual(Object.keys(body), ["errors"]);
  });
  await t.test("a reference in any other format than digest or tag is refused", async () => {
    assert.equal((await admin.send("GET", notFound)).status, 400);
    assert.equal((await get(`manifests/${"a".repeat(129)}`)).status, 400);
  });
  await t.test("a digest by another algorithm is refused with what to do", async () => {
    const answer = await get(`blobs/sha512:${"0".repeat(128)}`);
    assert.equal(answer.status, 405);
    assert.deepEqual(await codesOf(answer), ["UNSUPPORTED"]);
  });
});

test("pull: Range by RFC 9110", async (t) => {
  const { admin } = await startRegistry(t);
  const blob = await admin.pushBlob("shop/web", "0123456789");
  const rows = [
    ["bytes=2-4", 206, "bytes 2-4/10", "234"],
    ["bytes=7-", 206, "bytes 7-9/10", "789"],
    ["bytes=-3", 206, "bytes 7-9/10", "789"],
    ["bytes=0-99", 206, "bytes 0-9/10", "0123456789"],
    ["bytes=10-", 416, "bytes */10", ""],
    ["bytes=-0", 416, "bytes */10", ""],
    ["bytes=4-2", 200, null, "0123456789"],
    ["bytes=0-1,3-4", 200, null, "0123456789"],
    ["lines=0-1", 200, null, "0123456789"],
  ] as const;
  for (const [range, status, contentRange, text] of rows) {
    await t.test(`Range: ${range} is answered ${status}`, async () => {
      const answer = await admin.send("GET", `/v2/shop/web/blobs/${blob}`, { headers: { range } });
      assert.equal(answer.status, status);
      assert.equal(answer.headers.get("content-range"), contentRange);
      assert.equal(await answer.text(), text);
    });
  }
  await t.test("If-Range with another digest is answered with the whole", async () => {
    const headers = { range: "bytes=2-4", "if-range": '"sha256:other"' };
    assert.equal((await admin.send("GET", `/v2/shop/web/blobs/${blob}`, { headers })).status, 200);
  });
  await t.test("If-None-Match with its digest is answered 304", async () => {
    const headers = { "if-none-match": `"${blob}"` };
    assert.equal((await admin.send("GET", `/v2/shop/web/blobs/${blob}`, { headers })).status, 304);
  });
});
