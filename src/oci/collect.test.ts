import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { silentReporter } from "../ground/context.ts";
import { canonicalJson } from "./canonical-json.ts";
import { checkLayout } from "./check-layout.ts";
import { collectGarbage, listBlobs } from "./collect.ts";
import type { Descriptor } from "./descriptor.ts";
import type { Digest } from "./digest.ts";
import { openLayout, type Layout } from "./layout.ts";
import { layoutSource } from "./layout/layout-source.ts";
import { parseImageManifest } from "./manifest.ts";
import { mediaTypes } from "./media-types.ts";
import { receiveImage, type ImageSource } from "./receive-image.ts";
import { putTinyImage } from "./tiny-image.fixture.ts";

function temporaryLayout(t: TestContext): Layout {
  const folder = mkdtempSync(join(tmpdir(), "ingot-collect-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return openLayout(folder);
}

/** The digests of an image: manifest, configuration, layers. */
function partsOfImage(layout: Layout, image: Descriptor): Digest[] {
  const { config, layers } = parseImageManifest(layout.readBlob(image.digest));
  return [image, config, ...layers].map(({ digest }) => digest).toSorted();
}

const blobsOf = (layout: Layout): Digest[] =>
  listBlobs(layout)
    .map(({ digest }) => digest)
    .toSorted();

test("what no name reaches is swept, and what one reaches stays", async (t) => {
  const layout = temporaryLayout(t);
  const kept = putTinyImage(layout, { text: "kept" });
  const lost = putTinyImage(layout, { text: "lost" });
  await layout.setReference("kept", kept);
  const lostParts = partsOfImage(layout, lost);
  const planned = await collectGarbage(layout, { grace: 0, dryRun: true });
  assert.deepEqual(planned.blobs.map(({ digest }) => digest).toSorted(), lostParts);
  assert.ok(layout.hasBlob(lost.digest));
  const collected = await collectGarbage(layout, { grace: 0 });
  assert.deepEqual(collected, planned);
  assert.ok(collected.freed > 0);
  assert.deepEqual(blobsOf(layout), partsOfImage(layout, kept));
});

test("what a transfer found there is not swept while the rest is on its way", async (t) => {
  const [from, to] = [temporaryLayout(t), temporaryLayout(t)];
  const image = putTinyImage(from, { text: "shared" });
  const [layer] = parseImageManifest(from.readBlob(image.digest)).layers;
  assert.ok(layer !== undefined);
  // Left by an image that is long gone.
  to.putBlob(from.readBlob(layer.digest));
  const hoursAgo = new Date(Date.now() - 7_200_000);
  utimesSync(to.blobPath(layer.digest), hoursAgo, hoursAgo);
  const source = layoutSource(from);
  const streamBlob: ImageSource["streamBlob"] = async function* (blob) {
    await collectGarbage(to);
    yield* source.streamBlob(blob);
  };
  await receiveImage({ report: silentReporter }, to, { source: { ...source, streamBlob }, reference: image.digest });
  assert.deepEqual(blobsOf(to), partsOfImage(from, image));
});

test("roots of the caller stay with all their parts", async (t) => {
  const layout = temporaryLayout(t);
  const running = putTinyImage(layout, { text: "running" });
  await collectGarbage(layout, { grace: 0, roots: [running.digest] });
  assert.deepEqual(blobsOf(layout), partsOfImage(layout, running));
});

test("children of an index and evidence about an image stay with it", async (t) => {
  const layout = temporaryLayout(t);
  const child = putTinyImage(layout, { text: "child" });
  const index = canonicalJson({ schemaVersion: 2, mediaType: mediaTypes.imageIndex, manifests: [child] });
  const parent = { mediaType: mediaTypes.imageIndex, digest: layout.putBlob(index), size: index.length };
  const empty = { mediaType: mediaTypes.empty, digest: layout.putBlob("{}"), size: 2 };
  const evidence = {
    schemaVersion: 2,
    mediaType: mediaTypes.imageManifest,
    config: empty,
    layers: [empty],
    subject: child,
  };
  const referrer = layout.putBlob(canonicalJson(evidence));
  await layout.setReference("multi", parent);
  await collectGarbage(layout, { grace: 0 });
  const expected = [...partsOfImage(layout, child), parent.digest, empty.digest, referrer].toSorted();
  assert.deepEqual(blobsOf(layout), expected);
  await layout.removeReference("multi");
  await collectGarbage(layout, { grace: 0 });
  assert.deepEqual(blobsOf(layout), []);
});

test("young blobs stay, and old parts of a young manifest too", async (t) => {
  const layout = temporaryLayout(t);
  const building = putTinyImage(layout, { text: "building" });
  const parts = partsOfImage(layout, building);
  for (const digest of parts) if (digest !== building.digest) utimesSync(layout.blobPath(digest), 0, 0);
  assert.deepEqual((await collectGarbage(layout)).blobs, []);
  utimesSync(layout.blobPath(building.digest), 0, 0);
  assert.equal((await collectGarbage(layout)).blobs.length, parts.length);
});

test("storing an old blob again saves it from being swept", async (t) => {
  const layout = temporaryLayout(t);
  const digest = layout.putBlob("layer");
  utimesSync(layout.blobPath(digest), 0, 0);
  layout.putBlob("layer");
  assert.deepEqual((await collectGarbage(layout)).blobs, []);
});

test("temporary files that a crash left are swept when they are old", async (t) => {
  const layout = temporaryLayout(t);
  layout.putBlob("makes the folder");
  const crashed = join(layout.folder, "ingest/blob.1-00.tmp");
  const writing = join(layout.folder, "ingest/blob.2-00.tmp");
  for (const path of [crashed, writing]) writeFileSync(path, "half");
  utimesSync(crashed, 0, 0);
  assert.deepEqual((await collectGarbage(layout)).temporaries, [crashed]);
  assert.deepEqual([existsSync(crashed), existsSync(writing)], [false, true]);
});

test("a whole layout has no findings", async (t) => {
  const layout = temporaryLayout(t);
  await layout.setReference("whole", putTinyImage(layout, { text: "whole" }));
  assert.deepEqual(await checkLayout(layout), []);
});

test("a damaged and a missing blob are found, with the images that need them", async (t) => {
  const layout = temporaryLayout(t);
  const image = putTinyImage(layout, { text: "1" });
  await layout.setReference("a", image);
  await layout.setReference("b", image);
  const { config, layers } = parseImageManifest(layout.readBlob(image.digest));
  const layer = layers[0]!;
  rmSync(layout.blobPath(config.digest));
  const path = layout.blobPath(layer.digest);
  chmodSync(path, 0o644);
  writeFileSync(path, Buffer.alloc(layer.size));
  const findings = await checkLayout(layout);
  const byKind = findings.toSorted((a, b) => (a.kind < b.kind ? -1 : 1));
  assert.deepEqual(
    byKind.map(({ kind, digest, images }) => [kind, digest, images]),
    [
      ["damaged", layer.digest, ["a", "b"]],
      ["missing", config.digest, ["a", "b"]],
    ],
  );
});

test("a damaged manifest is found, and garbage collection neither fails nor sweeps it", async (t) => {
  const layout = temporaryLayout(t);
  const image = putTinyImage(layout, { text: "1" });
  await layout.setReference("a", image);
  chmodSync(layout.blobPath(image.digest), 0o644);
  writeFileSync(layout.blobPath(image.digest), "{}");
  assert.deepEqual(
    (await checkLayout(layout)).map(({ kind, digest }) => [kind, digest]),
    [["damaged", image.digest]],
  );
  await collectGarbage(layout, { grace: 0 });
  assert.ok(layout.hasBlob(image.digest));
});
