import assert from "node:assert/strict";
import { test } from "node:test";
import { bundleType, signBundle } from "../../evidence/statement/bundle.ts";
import { makeSigner } from "../../evidence/statement/statement.fixture.ts";
import { formatStatement } from "../../evidence/statement/statement.ts";
import { digestOf, type Digest } from "../../oci/digest.ts";
import { mediaTypes } from "../../oci/media-types.ts";
import { identity, register } from "../../controller/statements/door.fixture.ts";
import { record } from "../../controller/verbs/releases.fixture.ts";
import { pushImage, startRegistry, type RegistryClient } from "./registry.fixture.ts";

type Told = { readonly status: number; readonly code: string; readonly ours: string };

async function told(answer: Promise<Response> | Response): Promise<Told> {
  const got = await answer;
  const { errors } = (await got.json()) as {
    errors: readonly { code: string; message: string; detail: { code: string; hint?: string } }[];
  };
  const [error] = errors;
  assert.ok(error !== undefined && error.message.length > 0);
  // Clients show the message alone: the next step must be in it.
  if (error.detail.hint !== undefined) assert.ok(error.message.endsWith(`Next: ${error.detail.hint}`));
  return { status: got.status, code: error.code, ours: error.detail.code };
}

test("every error has the specification's code and status, Ingot's own code, and the next step in its message", async (t) => {
  const { admin } = await startRegistry(t);
  const { manifest, layer } = await pushImage(admin, "shop/web", { tag: "1" });
  const none = digestOf("none");
  const { headers } = await admin.send("POST", "/v2/shop/web/blobs/uploads/");
  const location = headers.get("location") ?? "";
  const rows: readonly (readonly [Promise<Response>, number, string, string])[] = [
    [admin.send("GET", "/v2/UPPER/tags/list"), 400, "NAME_INVALID", "repository-name-invalid"],
    [admin.send("GET", "/v2/no/such/tags/list"), 404, "NAME_UNKNOWN", "repository-unknown"],
    [admin.send("GET", "/v2/shop/web/nothing"), 404, "NAME_UNKNOWN", "route-unknown"],
    [admin.send("GET", "/v2/shop/web/manifests/none"), 404, "MANIFEST_UNKNOWN", "manifest-unknown"],
    [admin.send("GET", `/v2/shop/web/blobs/${none}`), 404, "BLOB_UNKNOWN", "blob-unknown"],
    [admin.send("DELETE", `/v2/shop/web/blobs/${layer}`), 409, "DENIED", "image-in-use"],
    [admin.pushManifest("shop/other", "1", manifest), 404, "MANIFEST_BLOB_UNKNOWN", "manifest-parts-unknown"],
    [admin.pushManifest("shop/web", "1", { ...manifest, annotations: { other: "" } }), 409, "DENIED", "tag-immutable"],
    [
      admin.pushManifest("shop/web", "large", { ...manifest, annotations: { a: "x".repeat(5_000_000) } }),
      413,
      "MANIFEST_INVALID",
      "manifest-too-large",
    ],
    [admin.send("POST", "/v2/"), 405, "UNSUPPORTED", "registry-request-unsupported"],
    [
      admin.send("PATCH", location, { headers: { "content-range": "5-9" }, body: "12345" }),
      416,
      "BLOB_UPLOAD_INVALID",
      "upload-invalid",
    ],
    [admin.send("GET", `${location.slice(0, -1)}x`), 404, "BLOB_UPLOAD_UNKNOWN", "upload-unknown"],
  ];
  for (const [answer, status, code, ours] of rows) assert.deepEqual(await told(answer), { status, code, ours });
});

test("errors of uploads that the limits end have their own codes", async (t) => {
  const { admin } = await startRegistry(t, { settings: { limits: { blob: 10, manifest: 4096, body: 4096 } } });
  const path = `/v2/shop/web/blobs/uploads/?digest=${digestOf("x")}`;
  const large = await told(admin.send("POST", path, { body: "more than ten" }));
  assert.deepEqual(large, { status: 413, code: "SIZE_INVALID", ours: "upload-too-large" });
  let last: Response | undefined;
  for (let at = 0; at < 201; at += 1) last = await admin.send("POST", "/v2/shop/web/blobs/uploads/");
  assert.ok(last !== undefined);
  assert.deepEqual(await told(last), { status: 429, code: "TOOMANYREQUESTS", ours: "registry-busy" });
});

async function pushBundle(client: RegistryClient, subject: Digest, bundle: Buffer): Promise<Response> {
  const config = { mediaType: mediaTypes.empty, digest: await client.pushBlob("shop/web", "{}"), size: 2 };
  const layer = { mediaType: bundleType, digest: await client.pushBlob("shop/web", bundle), size: bundle.length };
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.imageManifest,
    artifactType: bundleType,
    config,
    layers: [layer],
    subject: { mediaType: mediaTypes.imageManifest, digest: subject, size: 1 },
  };
  return client.pushManifest("shop/web", digestOf(JSON.stringify(manifest)), manifest);
}

test("a statement is verified at the door: an altered one is refused with the reason, a strange one is kept and does not count", async (t) => {
  const { admin, controller } = await startRegistry(t);
  const { digest } = await pushImage(admin, "shop/web", { tag: "1" });
  const predicateType = "https://cosign.sigstore.dev/attestation/vuln/v1";
  const statement = formatStatement({ image: digest }, { predicateType, predicate: { scanner: {} } });
  const scanner = makeSigner("scanner");
  await record(controller, identity("workload:ci", "workload", ["builder"]), register("workload:ci", scanner));
  const strange = await signBundle(statement, makeSigner("scanner"));
  const signed = (await signBundle(statement, scanner)).toString();
  const payload = /"payload":"([^"]+)"/.exec(signed)?.[1] ?? "";
  const later = Buffer.from(`${Buffer.from(payload, "base64").toString()} `).toString("base64");
  const altered = Buffer.from(signed.replace(payload, later));
  const { size } = controller.ledger.log.checkpoint();
  for (const bundle of [altered, Buffer.from("{}")]) {
    const refused = await told(pushBundle(admin, digest, bundle));
    assert.deepEqual(refused, { status: 400, code: "MANIFEST_INVALID", ours: "statement-refused" });
  }
  assert.equal(controller.ledger.log.checkpoint().size, size, "nothing of it is on the record");
  assert.equal((await pushBundle(admin, digest, strange)).status, 201);
  const types = [...controller.ledger.events(size)].map(({ type }) => type);
  assert.deepEqual(types, ["manifest.pushed", "statement.uncounted"]);
});
