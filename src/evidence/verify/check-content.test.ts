import assert from "node:assert/strict";
import { chmodSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import test from "node:test";
import { gzipSync } from "node:zlib";
import { canonicalJson } from "../../oci/canonical-json.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Layout } from "../../oci/layout.ts";
import { parseImageManifest, type ImageManifest } from "../../oci/manifest.ts";
import { mediaTypes } from "../../oci/media-types.ts";
import { putTinyImage } from "../../oci/tiny-image.fixture.ts";
import { makeWorld } from "../statement/statement.fixture.ts";
import { checkContent } from "./check-content.ts";

function overwrite(layout: Layout, digest: Digest, content: Uint8Array): void {
  chmodSync(layout.blobPath(digest), 0o644);
  writeFileSync(layout.blobPath(digest), content);
}

/** The image with another manifest, whose digest is right. */
function remake(layout: Layout, image: Descriptor, change: (manifest: ImageManifest) => object): Descriptor {
  const content = canonicalJson(change(parseImageManifest(layout.readBlob(image.digest))));
  return { mediaType: image.mediaType, digest: layout.putBlob(content), size: content.length };
}

test("an image that is whole has no damage, also as a part of an index", async (t) => {
  const { layout, image } = await makeWorld(t);
  assert.deepEqual(await checkContent(layout, image), { blobs: 3, layers: 1, damage: [] });
  const second = putTinyImage(layout, { text: "other", architecture: "arm64" });
  const content = canonicalJson({ schemaVersion: 2, mediaType: mediaTypes.imageIndex, manifests: [image, second] });
  const index = { mediaType: mediaTypes.imageIndex, digest: layout.putBlob(content), size: content.length };
  assert.deepEqual(await checkContent(layout, index), { blobs: 7, layers: 2, damage: [] });
});

test("an index that lists the same over and over is looked at once, and damage in it is found", async (t) => {
  const { layout, image } = await makeWorld(t);
  let top = image;
  // Two thousand million images, by forty small indexes.
  for (let depth = 0; depth < 40; depth += 1) {
    const content = canonicalJson({ schemaVersion: 2, mediaType: mediaTypes.imageIndex, manifests: [top, top] });
    top = { mediaType: mediaTypes.imageIndex, digest: layout.putBlob(content), size: content.length };
  }
  assert.deepEqual(await checkContent(layout, top), { blobs: 43, layers: 1, damage: [] });
  const [layer] = parseImageManifest(layout.readBlob(image.digest)).layers;
  overwrite(layout, layer?.digest ?? image.digest, Buffer.from("another"));
  assert.match((await checkContent(layout, top)).damage.join("\n"), /is damaged: its content is/);
});

test("each blob that was changed or lost is found", async (t) => {
  const { layout, image } = await makeWorld(t);
  const { config, layers } = parseImageManifest(layout.readBlob(image.digest));
  for (const digest of [image.digest, config.digest, ...layers.map((layer) => layer.digest)]) {
    const whole = readFileSync(layout.blobPath(digest));
    const altered = Buffer.from(whole);
    const at = altered.length - 3;
    altered[at] = (altered[at] ?? 0) ^ 1;
    overwrite(layout, digest, altered);
    assert.match(
      (await checkContent(layout, image)).damage.join("\n"),
      new RegExp(`${digest} is damaged: its content is`),
    );
    rmSync(layout.blobPath(digest));
    const { damage } = await checkContent(layout, image);
    assert.ok(
      damage.some((line) => line.includes(digest)),
      `lost ${digest}`,
    );
    writeFileSync(layout.blobPath(digest), whole);
    assert.deepEqual((await checkContent(layout, image)).damage, []);
  }
});

test("a layer that was replaced by another one, rightly named, is found by what it unpacks to", async (t) => {
  const { layout, image } = await makeWorld(t);
  const evil = gzipSync(Buffer.alloc(10_240));
  const forged = remake(layout, image, (manifest) => ({
    ...manifest,
    layers: [{ mediaType: mediaTypes.layerGzip, digest: layout.putBlob(evil), size: evil.length }],
  }));
  const { damage } = await checkContent(layout, forged);
  assert.match(damage.join("\n"), /unpacks to sha256:/);
});

test("a wrong size, more layers than diff ids, and what is no image are found", async (t) => {
  const { layout, image } = await makeWorld(t);
  const sized = remake(layout, image, (manifest) => ({
    ...manifest,
    layers: manifest.layers.map((layer) => ({ ...layer, size: layer.size + 1 })),
  }));
  assert.match((await checkContent(layout, sized)).damage.join("\n"), /its image says/);
  const more = remake(layout, image, (manifest) => ({ ...manifest, layers: [...manifest.layers, ...manifest.layers] }));
  assert.match((await checkContent(layout, more)).damage.join("\n"), /2 layers, its configuration names 1/);
  const artifact = remake(layout, image, (manifest) => ({
    ...manifest,
    config: { mediaType: mediaTypes.empty, digest: layout.putBlob("{}"), size: 2 },
  }));
  assert.match((await checkContent(layout, artifact)).damage.join("\n"), /not an image/);
});
