import assert from "node:assert/strict";
import test from "node:test";
import { bundleFromJSON } from "@sigstore/bundle";
import { processContext } from "../../ground/context.ts";
import { parseImageManifest } from "../../oci/manifest.ts";
import { attest } from "./attest.ts";
import { readEvidence } from "./read-evidence.ts";
import { makeSigner, makeWorld, types } from "./statement.fixture.ts";

const ctx = processContext({ home: "/nonexistent" });
const builder = makeSigner("builder");

test("a statement is attached as the ecosystem's bundle, once, and is checked with its key", async (t) => {
  const world = await makeWorld(t);
  const said = { predicateType: types.provenance, predicate: { z: 1, a: [2] }, signer: builder };
  const first = await attest(ctx, { ...world, name: "shop/web" }, said);
  const again = await attest(ctx, { ...world, name: "shop/web" }, { ...said, predicate: { a: [2], z: 1 } });
  assert.deepEqual(again, { manifest: first.manifest, isNew: false });
  assert.ok(first.isNew);
  const manifest = parseImageManifest(world.layout.readBlob(first.manifest));
  assert.deepEqual(manifest.annotations, {
    "dev.sigstore.bundle.content": "dsse-envelope",
    "dev.sigstore.bundle.predicateType": types.provenance,
  });
  assert.equal(manifest.artifactType, "application/vnd.dev.sigstore.bundle.v0.3+json");
  assert.equal(manifest.config.mediaType, "application/vnd.oci.empty.v1+json");
  const [layer] = manifest.layers;
  const json = JSON.parse(world.layout.readBlob(layer?.digest ?? first.manifest).toString()) as {
    dsseEnvelope: { signatures: object[] };
  };
  bundleFromJSON(json);
  assert.deepEqual(Object.keys(json.dsseEnvelope.signatures[0] ?? {}), ["sig"]);
  const [item] = readEvidence(world.layout, world.image.digest, [builder.key]);
  assert.ok(item?.status === "checked");
  assert.deepEqual(item.statement.predicate, said.predicate);
  assert.deepEqual(item.statement.subject, [
    { name: "shop/web", digest: { sha256: world.image.digest.slice("sha256:".length) } },
  ]);
});

test("another key, another predicate or another name is another statement", async (t) => {
  const world = await makeWorld(t);
  const said = { predicateType: types.provenance, predicate: {}, signer: builder };
  for (const [about, what] of [
    [world, said],
    [world, { ...said, signer: makeSigner("builder") }],
    [world, { ...said, predicate: { more: true } }],
    [{ ...world, name: "shop/web" }, said],
  ] as const) {
    assert.ok((await attest(ctx, about, what)).isNew);
  }
  assert.equal(readEvidence(world.layout, world.image.digest, []).length, 4);
});

test("a key does not sign what counts from another role", async (t) => {
  const world = await makeWorld(t);
  const failed = { predicateType: types.tests, predicate: { result: "FAILED" } };
  await assert.rejects(attest(ctx, world, { ...failed, signer: builder }), { code: "role-mismatch" });
  assert.deepEqual(readEvidence(world.layout, world.image.digest, []), []);
  assert.ok((await attest(ctx, world, { ...failed, signer: makeSigner("tester") })).isNew);
});

test("a statement that no reader would take is not signed", async (t) => {
  const world = await makeWorld(t);
  const predicate = { padding: "x".repeat(41 << 20) };
  await assert.rejects(attest(ctx, world, { predicateType: types.provenance, predicate, signer: builder }), {
    code: "predicate-malformed",
  });
});
