import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { artifactOf, attachTexts } from "../artifact.fixture.ts";
import { canonicalJson } from "../canonical-json.ts";
import { checkLayout } from "../check-layout.ts";
import { collectGarbage, listBlobs } from "../collect.ts";
import type { Descriptor } from "../descriptor.ts";
import { digestOf, type Digest } from "../digest.ts";
import { openLayout, type Layout } from "../layout.ts";
import { nameOf, readIndex } from "../layout/references.ts";
import { parseImageManifest } from "../manifest.ts";
import { mediaTypes } from "../media-types.ts";
import { attachArtifact, listReferrers } from "../referrers.ts";
import { putTinyImage } from "../tiny-image.fixture.ts";
import { dropLostReferrers } from "./drop-lost.ts";

function temporaryLayout(t: TestContext): Layout {
  const folder = mkdtempSync(join(tmpdir(), "ingot-attached-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return openLayout(folder);
}

/** A named image with artifacts. */
async function putAttested(layout: Layout, name: string, texts: readonly string[]): Promise<Descriptor> {
  const image = putTinyImage(layout, { text: name });
  await layout.setReference(name, image);
  await attachTexts(layout, image, texts);
  return image;
}

const namesIn = (layout: Layout) => readIndex(layout.folder).manifests.map((entry) => nameOf(entry));
const listName = ({ digest }: Descriptor): string => digest.replace(":", "-");
const attachedTo = (layout: Layout, { digest }: Descriptor): Digest[] =>
  listReferrers(layout, digest).map(({ descriptor }) => descriptor.digest);

function makeOld(layout: Layout): void {
  const hoursAgo = new Date(Date.now() - 7_200_000);
  for (const { digest } of listBlobs(layout)) utimesSync(layout.blobPath(digest), hoursAgo, hoursAgo);
}

test("what is attached to a kept image stays, older lists of it go", async (t) => {
  const layout = temporaryLayout(t);
  const image = await putAttested(layout, "kept", ["a", "b"]);
  const before = attachedTo(layout, image);
  const { blobs } = await collectGarbage(layout, { grace: 0 });
  // The list as it was with one artifact.
  assert.equal(blobs.length, 1);
  assert.deepEqual(attachedTo(layout, image), before);
  assert.deepEqual(await checkLayout(layout), []);
  assert.deepEqual((await collectGarbage(layout, { grace: 0 })).blobs, []);
});

test("what is attached to an image goes with it, with the name of its list", async (t) => {
  const layout = temporaryLayout(t);
  const gone = await putAttested(layout, "gone", ["a", "b"]);
  const kept = await putAttested(layout, "kept", ["c"]);
  await layout.removeReference("gone");
  const planned = await collectGarbage(layout, { grace: 0, dryRun: true });
  assert.deepEqual(namesIn(layout), [listName(gone), listName(kept), "kept"].toSorted());
  assert.deepEqual((await collectGarbage(layout, { grace: 0 })).blobs, planned.blobs);
  assert.deepEqual(namesIn(layout), ["kept", listName(kept)]);
  assert.equal(layout.hasBlob(gone.digest), false);
  assert.equal(layout.hasBlob(digestOf("a")), false);
  assert.equal(layout.hasBlob(digestOf("c")), true);
  assert.deepEqual(await checkLayout(layout), []);
});

test("a statement whose content is the manifest of another image does not keep that image", async (t) => {
  const layout = temporaryLayout(t);
  const gone = putTinyImage(layout, { text: "gone" });
  const kept = await putAttested(layout, "kept", []);
  const manifest = layout.readBlob(gone.digest);
  const { config, layers } = parseImageManifest(manifest);
  const content = { mediaType: mediaTypes.imageManifest, content: manifest };
  const artifact = await attachArtifact(layout, kept, { ...artifactOf("x"), layers: [content] });
  const { blobs } = await collectGarbage(layout, { grace: 0 });
  for (const part of [config, ...layers]) assert.ok(blobs.some(({ digest }) => digest === part.digest));
  assert.deepEqual(attachedTo(layout, kept), [artifact.digest]);
  assert.deepEqual(layout.readBlob(gone.digest), manifest);
  assert.deepEqual(await checkLayout(layout), []);
});

test("what is attached to the image of a running instance, or to one of an index, stays without a name", async (t) => {
  const layout = temporaryLayout(t);
  const running = await putAttested(layout, "running", ["a"]);
  const child = await putAttested(layout, "child", ["b"]);
  const index = canonicalJson({ schemaVersion: 2, mediaType: mediaTypes.imageIndex, manifests: [child] });
  await layout.setReference("index", {
    mediaType: mediaTypes.imageIndex,
    digest: layout.putBlob(index),
    size: index.length,
  });
  for (const name of ["running", "child"]) await layout.removeReference(name);
  await collectGarbage(layout, { grace: 0, roots: [running.digest] });
  assert.equal(attachedTo(layout, running).length, 1);
  assert.equal(attachedTo(layout, child).length, 1);
});

test("an entry without a name goes with the image it is attached to, and any other stays", async (t) => {
  const layout = temporaryLayout(t);
  const image = await putAttested(layout, "image", ["a"]);
  const alone = putTinyImage(layout, { text: "alone" });
  const [artifact] = attachedTo(layout, image);
  await layout.listManifest({
    mediaType: mediaTypes.imageManifest,
    digest: artifact!,
    size: layout.blobSize(artifact!)!,
  });
  await layout.listManifest(alone);
  await collectGarbage(layout, { grace: 0 });
  assert.equal(readIndex(layout.folder).manifests.length, 4);
  await layout.removeReference("image");
  await collectGarbage(layout, { grace: 0 });
  assert.deepEqual(
    readIndex(layout.folder).manifests.map(({ digest }) => digest),
    [alone.digest],
  );
  assert.equal(layout.hasBlob(artifact!), false);
});

test("an image that something was just attached to is not swept before it gets its name", async (t) => {
  const layout = temporaryLayout(t);
  const image = putTinyImage(layout, { text: "unnamed" });
  makeOld(layout);
  await attachArtifact(layout, image, artifactOf("a"));
  await collectGarbage(layout);
  assert.equal(layout.hasBlob(image.digest), true);
  assert.equal(attachedTo(layout, image).length, 1);
});

test("a damaged artifact is found with the image that needs it, and forgotten once it is removed", async (t) => {
  const layout = temporaryLayout(t);
  const image = await putAttested(layout, "shop/web", ["a", "b"]);
  const path = layout.blobPath(digestOf("a"));
  chmodSync(path, 0o644);
  writeFileSync(path, "x");
  const [damaged] = await checkLayout(layout);
  assert.deepEqual([damaged?.kind, damaged?.digest, damaged?.images], ["damaged", digestOf("a"), ["shop/web"]]);
  rmSync(path);
  const [missing] = await checkLayout(layout);
  assert.deepEqual([missing?.kind, missing?.images], ["missing", ["shop/web"]]);
  await dropLostReferrers(layout);
  assert.deepEqual(await checkLayout(layout), []);
  assert.equal(attachedTo(layout, image).length, 1);
});
