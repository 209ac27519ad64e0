import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import test from "node:test";
import { canonicalJson } from "../../oci/canonical-json.ts";
import { digestOf } from "../../oci/digest.ts";
import type { Layout } from "../../oci/layout.ts";
import { mediaTypes } from "../../oci/media-types.ts";
import { attachReferrers } from "../../oci/referrers.ts";
import { bundleAnnotations, bundleType } from "./bundle.ts";
import { readEvidence } from "./read-evidence.ts";
import { makeSigner, makeWorld, signRaw, statementAbout } from "./statement.fixture.ts";

const stranger = makeSigner("builder");
const trusted = [makeSigner("builder").key, makeSigner("tester").key];

test("ten thousand referrers are read in seconds and little memory", { timeout: 60_000 }, async (t) => {
  const world = await makeWorld(t);
  const { layout, image } = world;
  // A stranger's bundle of half a megabyte, so that to keep each of them would be seen.
  const bundle = await signRaw(stranger, statementAbout(image, { predicate: { padding: "x".repeat(1 << 19) } }));
  const content = Buffer.from(JSON.stringify(bundle));
  const layer = { mediaType: bundleType, digest: layout.putBlob(content), size: content.length };
  const config = { mediaType: mediaTypes.empty, digest: layout.putBlob("{}"), size: 2 };
  const added = Array.from({ length: 10_000 }, (_, number) => {
    // Every hundredth carries a bundle of its own.
    const own = Buffer.concat([content, Buffer.from(" ".repeat(number % 100 === 0 ? number / 100 : 0))]);
    const ownLayer = number % 100 === 0 ? { ...layer, digest: putQuickly(layout, own), size: own.length } : layer;
    // Each claims to be of another kind: what one signature covers and claims alike is told once.
    const annotations = { [bundleAnnotations.predicateType]: `https://kind.example/${number}` };
    const manifest = canonicalJson({
      schemaVersion: 2,
      mediaType: mediaTypes.imageManifest,
      artifactType: bundleType,
      config,
      layers: [ownLayer],
      subject: { mediaType: image.mediaType, digest: image.digest, size: image.size },
      annotations,
    });
    return { mediaType: mediaTypes.imageManifest, digest: putQuickly(layout, manifest), size: manifest.length };
  });
  await attachReferrers(layout, image.digest, added);
  const before = process.memoryUsage.rss();
  const start = performance.now();
  const items = readEvidence(layout, image.digest, trusted);
  const [seconds, megabytes] = [(performance.now() - start) / 1000, (process.memoryUsage.rss() - before) / 1e6];
  t.diagnostic(`${seconds.toFixed(1)} s, ${megabytes.toFixed(0)} MB`);
  assert.equal(items.length, 10_000);
  assert.ok(items.every(({ status }) => status === "untrusted"));
  assert.ok(seconds < 15, `${seconds} s`);
  assert.ok(megabytes < 400, `${megabytes} MB`);
});

/** Ten thousand blobs that need not survive a power cut. */
function putQuickly(layout: Layout, content: Buffer) {
  const digest = digestOf(content);
  writeFileSync(layout.blobPath(digest), content);
  return digest;
}
