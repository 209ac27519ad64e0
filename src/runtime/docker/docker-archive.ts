import { createReadStream } from "node:fs";
import { hexOf } from "../../oci/digest.ts";
import { openLayerTar } from "../../oci/layer/layer-tar.ts";
import { parseImageManifest } from "../../oci/manifest.ts";
import { paddingOf } from "../../oci/tar/fields.ts";
import { tarEnd, tarHeaderBlocks } from "../../oci/tar/write.ts";
import type { ImageSource } from "../content/image-source.ts";

/** An image of the store as `docker load` reads it: its configuration, whose digest is the engine's id of it, and its layers as they are kept. */
export async function* dockerArchive(image: ImageSource): AsyncGenerator<Buffer> {
  const manifest = parseImageManifest(image.layout.readBlob(image.digest));
  const config = `${hexOf(manifest.config.digest)}.json`;
  const layers = manifest.layers.map(({ digest }) => `${hexOf(digest)}.tar`);
  yield* entry("manifest.json", Buffer.from(JSON.stringify([{ Config: config, RepoTags: null, Layers: layers }])));
  yield* entry(config, image.layout.readBlob(manifest.config.digest));
  for (const [index, layer] of manifest.layers.entries()) {
    const name = layers[index] ?? "";
    if (layer.mediaType.endsWith("+zstd")) {
      yield* unpacked(name, image, layer);
      continue;
    }
    yield tarHeaderBlocks(headerOf(name, layer.size));
    for await (const piece of createReadStream(image.layout.blobPath(layer.digest), { highWaterMark: 1 << 20 }))
      yield piece as Buffer;
    yield Buffer.alloc(paddingOf(layer.size));
  }
  yield tarEnd;
}

/** Engines of before 2022 do not know zstd. */
async function* unpacked(
  name: string,
  image: ImageSource,
  layer: ImageSource["layers"][number],
): AsyncGenerator<Buffer> {
  using tar = await openLayerTar(image.layout, layer);
  const last = tar.entries.at(-1);
  const end = last === undefined ? 0 : last.offset + last.header.size + paddingOf(last.header.size);
  yield tarHeaderBlocks(headerOf(name, end + tarEnd.length));
  yield* tar.read(0, end);
  yield tarEnd;
}

function* entry(path: string, content: Buffer): Generator<Buffer> {
  yield tarHeaderBlocks(headerOf(path, content.length));
  yield content;
  yield Buffer.alloc(paddingOf(content.length));
}

function headerOf(path: string, size: number) {
  const common = { mode: 0o644, uid: 0, gid: 0, mtime: 0, linkname: "", xattrs: new Map<string, Buffer>() };
  return { ...common, path, size, type: "file" as const };
}
