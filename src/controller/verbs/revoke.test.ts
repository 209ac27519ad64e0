import assert from "node:assert/strict";
import { readdirSync, rmSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { shortId } from "../../evidence/keys/key-folder.ts";
import { canonicalJson } from "../../oci/canonical-json.ts";
import { digestOf } from "../../oci/digest.ts";
import { mediaTypes } from "../../oci/media-types.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { principal } from "../controller.fixture.ts";
import type { RevokedSubject } from "../events/revocation-events.ts";
import { openYard, type Yard } from "../lineage/lineage.fixture.ts";
import { register, sign } from "../statements/door.fixture.ts";
import { makeSigner } from "../../evidence/statement/statement.fixture.ts";
import { deploy } from "./deploy.ts";
import { digestFor, openEnvironment, record, usual } from "./releases.fixture.ts";
import type { RevocationReport } from "./revocation-report.ts";
import { revoke } from "./revoke.ts";

const admin = principal("root", "admin");
const reason = "CVE-2026-0001";

function image({ digest }: Descriptor): RevokedSubject {
  return { kind: "image", digest };
}

const openssl: RevokedSubject = { kind: "package", ecosystem: "deb", name: "openssl", version: "3.0.1" };

function isRevoked({ facts }: Yard, { digest }: Descriptor): boolean {
  return facts(digest).revocations.length > 0;
}

/** Each image's way, as `how` of it; `undefined` for one that is not reached. */
function ways(report: RevocationReport, ...images: readonly Descriptor[]): readonly (string | undefined)[] {
  return images.map(({ digest }) => report.images.find((one) => one.digest === digest)?.how);
}

test("a revoked image takes with it all that is built on it, by annotation, provenance or layers, and what is built on that", async (t) => {
  const yard = await openYard(t);
  const base = await yard.pushImage(["debian", "bad"]);
  const byName = await yard.pushImage(["other", "x"], { base: base.digest });
  const byLayers = await yard.pushImage(["debian", "bad", "app"], { repository: "shop/app" });
  const byWord = await yard.pushImage(["rebuilt", "y"]);
  await yard.pushProvenance(byWord, base);
  const grandchild = await yard.pushImage(["z"], { base: byWord.digest });
  const sibling = await yard.pushImage(["debian", "good"]);
  const index = await yard.pushIndex(byName, sibling);
  const report = await revoke(yard.controller, admin, { subject: image(base), reason });
  const built = `built on ${base.digest.slice(0, 19)}`;
  assert.deepEqual(ways(report, base, byName, byLayers, byWord), ["itself", built, built, built]);
  assert.deepEqual(ways(report, grandchild), [`built on ${byWord.digest.slice(0, 19)}`]);
  assert.deepEqual(ways(report, index), [`lists ${byName.digest.slice(0, 19)}`]);
  assert.deepEqual(ways(report, sibling), [undefined], "who shares the lower layers alone is not built on it");
  for (const each of [base, byName, byLayers, byWord, grandchild, index]) assert.ok(isRevoked(yard, each));
  assert.ok(!isRevoked(yard, sibling));
});

test("an index that is revoked takes the images that it lists with it", async (t) => {
  const yard = await openYard(t);
  const [one, two] = [await yard.pushImage(["a"]), await yard.pushImage(["b"])];
  const index = await yard.pushIndex(one, two);
  const report = await revoke(yard.controller, admin, { subject: image(index), reason });
  assert.deepEqual(ways(report, index, one, two), ["itself", "listed by it", "listed by it"]);
});

test("what is pushed later on a revoked image is revoked when it comes, also once that image is deleted", async (t) => {
  const yard = await openYard(t);
  const base = await yard.pushImage(["debian", "bad"]);
  await revoke(yard.controller, admin, { subject: image(base), reason });
  const byName = await yard.pushImage(["other"], { base: base.digest });
  assert.ok(isRevoked(yard, byName));
  const { ledger } = yard.controller;
  await ledger.transact(() => ({
    events: [{ actor: "user:root", type: "manifest.deleted", data: { repository: "shop/web", digest: base.digest } }],
    result: undefined,
  }));
  const byLayers = await yard.pushImage(["debian", "bad", "late"]);
  assert.ok(isRevoked(yard, byLayers), "its layers are known by the record");
  const byWord = await yard.pushImage(["rebuilt"]);
  const onTop = await yard.pushImage(["top"], { base: byWord.digest });
  assert.ok(!isRevoked(yard, byWord));
  await yard.pushProvenance(byWord, base);
  assert.ok(isRevoked(yard, byWord), "its provenance says what it stands on");
  assert.ok(isRevoked(yard, onTop), "and what is built on it already is reached as well");
  assert.ok(isRevoked(yard, await yard.pushIndex(byWord)));
  assert.ok(!isRevoked(yard, await yard.pushImage(["debian", "good"])));
});

test("an image can be revoked before anybody pushes it", async (t) => {
  const yard = await openYard(t);
  const report = await revoke(yard.controller, admin, { subject: { kind: "image", digest: digestFor("bad") }, reason });
  assert.deepEqual(
    report.images.map(({ how, names }) => [how, names]),
    [["itself", []]],
  );
  assert.ok(isRevoked(yard, await yard.pushImage(["x"], { base: digestFor("bad") })));
});

test("an index that is revoked before anybody pushes it takes the images that it lists with it when it comes", async (t) => {
  const yard = await openYard(t);
  const [listed, other] = [await yard.pushImage(["a"]), await yard.pushImage(["b"])];
  const manifests = [listed];
  const digest = digestOf(canonicalJson({ schemaVersion: 2, mediaType: mediaTypes.imageIndex, manifests }));
  await revoke(yard.controller, principal("root", "admin"), { subject: { kind: "image", digest }, reason: "stolen" });
  assert.equal(yard.facts(listed.digest).revocations.length, 0);
  assert.equal((await yard.pushIndex(...manifests)).digest, digest);
  assert.deepEqual(
    [digest, listed.digest, other.digest].map((each) => yard.facts(each).revocations.map(({ what }) => what)),
    [["itself"], ["listed by it"], []],
  );
});

test("a revoked package is found by its name and by that of its source, now and later; an image with a newer one is not reached", async (t) => {
  const yard = await openYard(t);
  const bySource = await yard.pushImage(["a"]);
  await yard.pushSbom(bySource, "pkg:deb/debian/libssl3@3.0.1?arch=amd64&upstream=openssl", "bash=5.2");
  const fixed = await yard.pushImage(["a", "fix"], { base: bySource.digest });
  await yard.pushSbom(fixed, "openssl=3.0.2");
  const silent = await yard.pushImage(["a", "silent"], { base: bySource.digest });
  const unknown = await yard.pushImage(["nobody knows"]);
  const report = await revoke(yard.controller, admin, { subject: openssl, reason });
  assert.deepEqual(ways(report, bySource, fixed), ["has openssl 3.0.1", undefined]);
  assert.deepEqual(ways(report, silent), [`built on ${bySource.digest.slice(0, 19)}`], "nothing says that it has not");
  assert.ok(report.unknown.includes(unknown.digest) && report.unknown.includes(silent.digest));
  assert.ok(isRevoked(yard, bySource) && isRevoked(yard, silent) && !isRevoked(yard, fixed));
  await yard.pushSbom(silent, "openssl=3.0.2");
  assert.ok(!isRevoked(yard, silent), "its own bill of materials answers it");
  const late = await yard.pushImage(["late"]);
  assert.ok(!isRevoked(yard, late));
  await yard.pushSbom(late, "openssl=3.0.1");
  assert.ok(isRevoked(yard, late), "its bill of materials is matched when it comes");
});

test("packages are compared whole: no other ecosystem, no longer version, no part of a name", async (t) => {
  const yard = await openYard(t);
  const other = await yard.pushImage(["a"]);
  await yard.pushSbom(other, "pkg:npm/openssl@3.0.1", "openssl=3.0.1-1", "libopenssl=3.0.1", 'x"openssl=3.0.1');
  const report = await revoke(yard.controller, admin, { subject: openssl, reason });
  assert.deepEqual(report.images, []);
  const npm = await revoke(yard.controller, admin, { subject: { ...openssl, ecosystem: "npm" }, reason });
  assert.deepEqual(ways(npm, other), ["has openssl 3.0.1"]);
});

test("the lists of packages are a cache: without it, or with a part of it cut off, the same is found", async (t) => {
  const yard = await openYard(t);
  const one = await yard.pushImage(["a"]);
  await yard.pushSbom(one, "openssl=3.0.1");
  const dry = { subject: openssl, reason, dryRun: true };
  assert.equal((await revoke(yard.controller, admin, dry)).images.length, 1);
  const folder = join(yard.ctx.home, "cache/packages");
  const [file = ""] = readdirSync(folder);
  truncateSync(join(folder, file), 10);
  assert.equal((await revoke(yard.controller, admin, dry)).images.length, 1);
  rmSync(folder, { recursive: true });
  assert.equal((await revoke(yard.controller, admin, dry)).images.length, 1);
});

test("what a lost builder's key signed is revoked, until a key that is good signs the same image", async (t) => {
  const yard = await openYard(t);
  const { builder, scanner } = yard.keys;
  const one = await yard.pushImage(["a"]);
  await yard.push(await sign(builder, "signature", { image: one, predicate: {} }), { image: one });
  await yard.push(await sign(scanner, "scan", { image: yard.image, predicate: {} }), { image: yard.image });
  const report = await revoke(yard.controller, admin, { subject: { kind: "key", id: builder.key.id }, reason });
  assert.deepEqual(ways(report, one), [`signed by key ${shortId(builder.key.id)}`]);
  assert.ok(isRevoked(yard, one));
  const scans = await revoke(yard.controller, admin, { subject: { kind: "key", id: scanner.key.id }, reason });
  assert.deepEqual(scans.losing, [{ digest: yard.image.digest, kinds: ["scan"] }], "a scanner's key revokes no image");
  assert.ok(!isRevoked(yard, yard.image));
  const next = makeSigner("builder");
  await yard.record(register("workload:ci", next));
  await yard.push(await sign(next, "signature", { image: one, predicate: {} }), { image: one });
  assert.ok(!isRevoked(yard, one), "a rebuild of the same lock has the same digest");
});

test("a dry run says the same, and changes nothing", async (t) => {
  const yard = await openYard(t);
  const base = await yard.pushImage(["a"]);
  const size = yard.controller.ledger.log.checkpoint().size;
  const dry = await revoke(yard.controller, admin, { subject: image(base), reason, dryRun: true });
  assert.equal(yard.controller.ledger.log.checkpoint().size, size);
  assert.equal(dry.event, undefined);
  assert.ok(!isRevoked(yard, base));
  const { event, ...real } = await revoke(yard.controller, admin, { subject: image(base), reason });
  assert.deepEqual(real, dry);
  assert.equal(yard.controller.ledger.event(event ?? -1).type, "revocation.made");
});

test("the report names each release that has an image, and which of them is current", async (t) => {
  const yard = await openYard(t);
  const [old, now] = [await yard.pushImage(["old"]), await yard.pushImage(["now"])];
  await record(yard.controller, openEnvironment("open"));
  const order = { service: "web", environment: "open", configuration: usual, reason: "" };
  for (const one of [old, now]) await deploy(yard.controller, admin, { ...order, image: one.digest });
  const index = await yard.pushIndex(old, now);
  const report = await revoke(yard.controller, admin, { subject: image(index), reason });
  const releases = [old, now].map(({ digest }) => report.images.find((one) => one.digest === digest)?.releases);
  const release = { environment: "open", service: "web" };
  assert.deepEqual(releases, [
    [{ ...release, number: 1, isCurrent: false }],
    [{ ...release, number: 2, isCurrent: true }],
  ]);
});

test("the same is not revoked twice, and a revocation takes a reason and the right to it", async (t) => {
  const yard = await openYard(t);
  const base = await yard.pushImage(["a"]);
  const first = await revoke(yard.controller, admin, { subject: openssl, reason });
  const again = await revoke(yard.controller, admin, { subject: openssl, reason: "again" });
  assert.equal(again.event, first.event);
  for (const unseen of [" ", "\u202e\u200b \0"]) {
    await assert.rejects(revoke(yard.controller, admin, { subject: image(base), reason: unseen }), {
      code: "revocation-unfounded",
    });
  }
  const nobody = principal("dev", "developer");
  await assert.rejects(revoke(yard.controller, nobody, { subject: image(base), reason }), { code: "policy-denied" });
  await assert.rejects(revoke(yard.controller, admin, { subject: { kind: "key", id: "0".repeat(64) }, reason }), {
    code: "key-unregistered",
  });
  const approver = principal("alice", "approver");
  await assert.rejects(revoke(yard.controller, approver, { subject: openssl, reason }), { code: "policy-denied" });
  await revoke(yard.controller, approver, { subject: image(base), reason });
  assert.ok(isRevoked(yard, base), "whoever finds a bad image may stop it");
});
