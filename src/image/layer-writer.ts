import type { Context } from "../ground/context.ts";
import { digester } from "../oci/digest.ts";
import type { Layout } from "../oci/layout.ts";
import { mediaTypes } from "../oci/media-types.ts";
import type { TarEntry } from "../oci/tar/entry.ts";
import { sortEntries } from "../oci/tar/order.ts";
import { tarChunks } from "../oci/tar/write.ts";
import type { LayerBlob } from "../oci/layer/layer-blob.ts";
import type { LayerIndex } from "../oci/layer/layer-index.ts";
import { compressLayer, type Compression } from "./compress-layer.ts";
import { indexTarEntry, saveLayerIndex } from "../oci/layer/layer-index.ts";

export type LayerInput = {
  readonly layout: Layout;
  readonly compression: Compression;
  readonly title: string;
  /** In any order; each path once. */
  readonly entries: Iterable<TarEntry>;
};

export type WrittenLayer = { readonly blob: LayerBlob; readonly index: LayerIndex };

/** Writes a layer into the store, and its index into the cache. The same entries give the same digest on any machine. */
export async function writeLayer(ctx: Pick<Context, "home">, input: LayerInput): Promise<LayerBlob> {
  return (await writeIndexedLayer(ctx, input)).blob;
}

export async function writeIndexedLayer(ctx: Pick<Context, "home">, input: LayerInput): Promise<WrittenLayer> {
  const entries = sortEntries(input.entries);
  const uncompressed = digester();
  const chunks = digestChunks(tarChunks(entries), uncompressed);
  const stored = await input.layout.putBlobStream(compressLayer(chunks, input.compression));
  const diffId = uncompressed.digest();
  const index = entries.map(indexTarEntry);
  saveLayerIndex(ctx, diffId, index);
  const mediaType = input.compression === "gzip" ? mediaTypes.layerGzip : mediaTypes.layerZstd;
  return { blob: { ...stored, diffId, mediaType, title: input.title }, index };
}

function* digestChunks(chunks: Iterable<Buffer>, hash: ReturnType<typeof digester>): Generator<Buffer> {
  for (const chunk of chunks) {
    hash.update(chunk);
    yield chunk;
  }
}
