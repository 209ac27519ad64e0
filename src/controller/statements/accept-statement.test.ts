import assert from "node:assert/strict";
import { test } from "node:test";
import { parseImageManifest } from "../../oci/manifest.ts";
import { present } from "../../ground/present.ts";
import type { Digest } from "../../oci/digest.ts";
import { copyAnnotation } from "../../oci/referrers/count-once.ts";
import { putTinyImage } from "../../oci/tiny-image.fixture.ts";
import { bundleAnnotations, bundleType } from "../../evidence/statement/bundle.ts";
import {
  makeSigner,
  signRaw,
  statementAbout,
  types,
  type RawBundle,
} from "../../evidence/statement/statement.fixture.ts";
import type { Controller } from "../controller.ts";
import { makeEvent, system } from "../events/events.ts";
import { openDoor, sign, type Pushed } from "./door.fixture.ts";

test("a good statement counts, is logged, and is attached again with its place in the log", async (t) => {
  const door = await openDoor(t);
  const { image, keys, controller } = door;
  const { events, manifest } = await door.push(await sign(keys.builder, "signature", { image, predicate: {} }));
  assert.deepEqual(
    events.map(({ type, actor }) => `${actor} ${type}`),
    ["system:controller manifest.pushed", "workload:ci statement.accepted"],
  );
  const { logged, principal, role } = present(events[1], "the second event").data as {
    logged: { index: number; manifest: Digest };
    principal: string;
    role: string;
  };
  assert.deepEqual({ index: logged.index, principal, role }, { index: 0, principal: "workload:ci", role: "builder" });
  const copy = parseImageManifest(controller.store.readBlob(logged.manifest));
  // Whoever counts statements counts it once.
  assert.equal(copy.annotations?.[copyAnnotation], manifest);
  assert.equal(copy.subject?.digest, image.digest);
  const bundle = JSON.parse(controller.store.readBlob(copy.layers[0]?.digest as Digest).toString()) as {
    verificationMaterial: { tlogEntries: { canonicalizedBody: string }[] };
  };
  const [entry] = bundle.verificationMaterial.tlogEntries;
  assert.equal(entry?.canonicalizedBody, controller.signatures.readEntry(0).toString("base64"));
  assert.deepEqual(door.facts().statements, [{ kind: "signature", by: ["workload:ci"] }]);
});

test("the same statement again is no second one: not the same bytes, not in another manifest, not with its place in the log", async (t) => {
  const door = await openDoor(t);
  const { image, keys, controller } = door;
  const bundle = await sign(keys.builder, "signature", { image, predicate: {} });
  const first = await door.push(bundle);
  const logged = loggedOf(first);
  assert.deepEqual((await door.push(bundle)).events, []);
  assert.deepEqual((await door.push(bundle, { annotations: {} })).events, []);
  const copy = parseImageManifest(controller.store.readBlob(logged.manifest));
  const carried = controller.store.readBlob(copy.layers[0]?.digest as Digest);
  assert.deepEqual((await door.push(carried)).events, []);
  assert.equal(controller.signatures.checkpoint().size, 1);
  // In another repository it is listed as well, by the entry that it has.
  const elsewhere = await door.push(carried, { repository: "mirror/web" });
  assert.deepEqual(loggedOf(elsewhere), logged);
  assert.equal(controller.signatures.checkpoint().size, 1);
});

test("statements that come at the same time share a checkpoint of the signature log", async (t) => {
  const door = await openDoor(t);
  const { image, keys, controller } = door;
  const bundles = await Promise.all(
    [1, 2, 3, 4, 5].map((run) =>
      sign(keys.builder, { predicateType: "https://shop.example/run" }, { image, predicate: { run } }),
    ),
  );
  const pushed = await Promise.all(bundles.map((bundle) => door.push(bundle)));
  const indexes = pushed.map((one) => loggedOf(one).index);
  assert.deepEqual(
    indexes.toSorted((a, b) => a - b),
    [0, 1, 2, 3, 4],
  );
  const checkpoints = new Set(
    pushed.map((one) => treeSizeOf(controller.store.readBlob(loggedOf(one).manifest), controller)),
  );
  assert.ok(checkpoints.size < 5, `${checkpoints.size} checkpoints for five statements`);
});

const altered: readonly (readonly [string, (bundle: RawBundle) => unknown, RegExp])[] = [
  ["an altered statement", alterPayload, /it was altered: it names the key/],
  ["a bundle that is cut off", (bundle) => JSON.stringify(bundle).slice(0, -20), /cut off/],
  ["a second signature", addSignature, /2 signatures/],
  ["a signature with a keyid", (bundle) => ((bundle.dsseEnvelope.signatures[0] ?? {}).keyid = "k"), /keyid/],
  [
    "an older bundle",
    (bundle) => (bundle.mediaType = "application/vnd.dev.sigstore.bundle+json;version=0.2"),
    /only v0.3/,
  ],
];

for (const [what, spoil, reason] of altered) {
  test(`${what} is refused at the door, and nothing is on the record`, async (t) => {
    const door = await openDoor(t);
    const bundle = await signRaw(door.keys.builder, statementAbout(door.image));
    const spoilt = spoil(bundle);
    const pushed = await door.push(
      Buffer.from(typeof spoilt === "string" && what.includes("cut") ? spoilt : JSON.stringify(bundle)),
      {
        annotations: {},
      },
    );
    assert.match(pushed.refused ?? "", reason);
    assert.equal(door.controller.signatures.checkpoint().size, 0);
    assert.deepEqual(door.facts().statements, []);
  });
}

test("a statement about another image is refused, whatever it is attached to", async (t) => {
  const door = await openDoor(t);
  const other = putTinyImage(door.controller.store, { text: "another" });
  const bundle = await sign(door.keys.builder, "signature", { image: other, predicate: {} });
  assert.match((await door.push(bundle)).refused ?? "", /its statement is about "sha256:/);
});

test("a manifest that says of a statement what it is not is refused", async (t) => {
  const door = await openDoor(t);
  const bundle = await sign(door.keys.builder, "signature", { image: door.image, predicate: {} });
  const other = putTinyImage(door.controller.store, { text: "another" });
  const { mediaType, digest, size } = other;
  const layer = { mediaType: bundleType, digest: door.controller.store.putBlob(bundle), size: bundle.length };
  const cases = [
    [
      { annotations: { [bundleAnnotations.predicateType]: types.tests } },
      /its annotation says .*test-result.* its statement .*sign/,
    ],
    [{ manifest: { subject: { mediaType, digest, size } } }, /its manifest is attached to sha256:/],
    [{ manifest: { layers: [layer, layer] } }, /it has 2 layers/],
    [{ manifest: { artifactType: "application/spdx+json" } }, /is of the type "application\/spdx\+json"/],
    [{ manifest: { layers: "none" } }, /does not follow the OCI image specification/],
  ] as const;
  for (const [more, reason] of cases) assert.match((await door.push(bundle, more)).refused ?? "", reason);
});

test("a statement by a key that is not registered is kept and does not count, and the record says why", async (t) => {
  const door = await openDoor(t);
  const stranger = makeSigner("builder");
  const { refused, events } = await door.push(await sign(stranger, "signature", { image: door.image, predicate: {} }));
  assert.equal(refused, undefined);
  assert.deepEqual(
    events.map(({ type }) => type),
    ["statement.uncounted"],
  );
  const [uncounted] = door.facts().uncounted;
  assert.equal(uncounted?.kind, "signature");
  assert.match(uncounted?.reason ?? "", /^no trusted key made its signature; it names the key [0-9a-f]{12}$/);
  assert.equal(door.controller.signatures.checkpoint().size, 0);
});

test("a statement by a key of another role does not count: the tester cannot say that the builder built something", async (t) => {
  const door = await openDoor(t);
  await door.push(await sign(door.keys.tester, "provenance", { image: door.image, predicate: {} }));
  assert.deepEqual(door.facts().statements, []);
  assert.match(
    door.facts().uncounted[0]?.reason ?? "",
    /by the key [0-9a-f]{12} of workload:ci, registered as tester; this kind counts by a key of a builder only/,
  );
});

test("a key that was retired says nothing new, and what it said before counts; what a revoked key said never does", async (t) => {
  const door = await openDoor(t);
  const { image, keys } = door;
  const { id } = keys.builder.key;
  await door.push(await sign(keys.builder, "signature", { image, predicate: {} }));
  await door.record(makeEvent(system, "key.retired", { principal: "workload:ci", id, use: "builder" }));
  await door.push(await sign(keys.builder, "provenance", { image, predicate: {} }));
  assert.deepEqual(door.facts().statements, [{ kind: "signature", by: ["workload:ci"] }]);
  assert.match(door.facts().uncounted[0]?.reason ?? "", /of workload:ci, which is retired and signs nothing new/);
  await door.record(makeEvent(system, "revocation.made", { subject: { kind: "key", id }, reason: "stolen" }));
  assert.deepEqual(door.facts().statements, []);
  assert.match(door.facts().uncounted[1]?.reason ?? "", /^the key [0-9a-f]{12} of workload:ci is revoked$/);
});

test("a key that is revoked while a statement is on its way does not count", async (t) => {
  const door = await openDoor(t);
  const { image, keys, controller } = door;
  const bundle = await sign(keys.builder, "signature", { image, predicate: {} });
  const pushing = door.push(bundle);
  await controller.ledger.transact(() => ({
    events: [
      makeEvent(system, "revocation.made", { subject: { kind: "key", id: keys.builder.key.id }, reason: "stolen" }),
    ],
    result: undefined,
  }));
  await pushing;
  assert.deepEqual(door.facts().statements, []);
});

test("a statement that is dated in the future does not count, beyond what clocks differ", async (t) => {
  const door = await openDoor(t);
  const { image, keys } = door;
  const passed = (finishedOn: string) => ({ result: "PASSED", finishedOn, configuration: [] });
  await door.push(await sign(keys.tester, "tests", { image, predicate: passed("2026-11-21T12:06:00Z") }));
  assert.equal(door.facts().tests, undefined);
  assert.match(door.facts().uncounted[0]?.reason ?? "", /dated 2026-11-21T12:06:00Z, in the future/);
  await door.push(await sign(keys.tester, "tests", { image, predicate: passed("2026-11-21T12:04:00Z") }));
  assert.equal(door.facts().tests?.passed, true);
});

type Logged = { readonly index: number; readonly manifest: Digest };

function loggedOf({ events }: Pushed): Logged {
  const accepted = events.find(({ type }) => type === "statement.accepted");
  return (present(accepted, "what was accepted").data as { logged: Logged }).logged;
}

function treeSizeOf(manifest: Buffer, { store }: Controller): string {
  const bundle = JSON.parse(store.readBlob(parseImageManifest(manifest).layers[0]?.digest as Digest).toString()) as {
    verificationMaterial: { tlogEntries: { inclusionProof: { treeSize: string } }[] };
  };
  return bundle.verificationMaterial.tlogEntries[0]?.inclusionProof.treeSize ?? "";
}

function alterPayload({ dsseEnvelope }: RawBundle): void {
  const text = Buffer.from(dsseEnvelope.payload, "base64").toString();
  dsseEnvelope.payload = Buffer.from(text.replace("for a test", "for tests!")).toString("base64");
}

function addSignature({ dsseEnvelope }: RawBundle): void {
  dsseEnvelope.signatures.push({ ...dsseEnvelope.signatures[0] });
}
