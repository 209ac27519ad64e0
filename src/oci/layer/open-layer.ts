import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { PassThrough, type Duplex } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { IngotError } from "../../ground/error.ts";
import type { Descriptor } from "../descriptor.ts";
import { digester, type Digest } from "../digest.ts";
import type { Blobs } from "../layout/blobs.ts";
import { layerCompression, type LayerCompression } from "../media-types.ts";

export type LayerOptions = {
  /** Digest of the uncompressed layer, from the image's configuration; compared when it is given. */
  readonly diffId?: Digest;
  /** Bytes that a layer may unpack to however small it is; beyond them it may have 200 times its size. Default 4 GiB. */
  readonly freely?: number;
};

/** Text and programs shrink to a tenth. Attack: zstd makes a terabyte of 30 MB, which fills the disk of whoever looks into the image. */
const mostRatio = 200;

/**
 * The uncompressed tar of a layer, as a stream. Blob and diffId are verified on the way: a reader must not use what it made of the stream
 * before the stream has ended without an error (`store-damaged`, `layer-malformed`).
 */
export async function* openLayer(
  blobs: Blobs,
  layer: Descriptor,
  options: LayerOptions = {},
): AsyncGenerator<Buffer, void, undefined> {
  if (!blobs.hasBlob(layer.digest)) blobs.readBlob(layer.digest);
  const compressed = createReadStream(blobs.blobPath(layer.digest), { highWaterMark: 1 << 20 });
  const compressedHash = digester();
  let taken = 0;
  compressed.on("data", (chunk) => {
    compressedHash.update(chunk as Buffer);
    taken += (chunk as Buffer).length;
  });
  const decompress = decompressor(compressionOf(layer));
  const done = pipeline(compressed, decompress);
  // The error reaches the reader through the stream; this only keeps it from being reported twice.
  done.catch(() => {});
  const hash = digester();
  const { freely = 4 * 2 ** 30 } = options;
  let given = 0;
  try {
    for await (const chunk of decompress as AsyncIterable<Buffer>) {
      given += chunk.length;
      if (given > freely && given > taken * mostRatio) throw bomb(layer, freely);
      if (options.diffId !== undefined) hash.update(chunk);
      yield chunk;
    }
  } catch (cause) {
    throw notDecompressed(layer, cause);
  } finally {
    compressed.destroy();
  }
  await done;
  assertBlob(layer.digest, compressedHash.digest());
  if (options.diffId !== undefined) assertDiffId(layer, options.diffId, hash.digest());
}

export function compressionOf(layer: Descriptor): LayerCompression {
  const compression = layerCompression(layer.mediaType);
  if (compression !== undefined) return compression;
  throw new IngotError("manifest-unsupported", `the layer ${layer.digest} is of the type ${layer.mediaType}`, {
    hint: "Ingot reads layers that are tar, plain or compressed with gzip or zstd; encrypted and non-distributable ones it does not",
  });
}

/** Holds the digest of an unpacked layer against its configuration's (image-spec config.md, `diff_ids`). Throws `layer-malformed`. */
export function assertDiffId(layer: Descriptor, expected: Digest, actual: Digest): void {
  if (expected === actual) return;
  throw new IngotError(
    "layer-malformed",
    `the layer ${layer.digest} unpacks to ${actual}, and its image says ${expected}`,
    {
      hint: "do not use this image: its configuration and its layers do not belong together",
    },
  );
}

/** What a decompressor's error is to a person; an IngotError stays as it is. */
export function notDecompressed(layer: Descriptor, cause: unknown): unknown {
  if (cause instanceof IngotError) return cause;
  return new IngotError("layer-malformed", `the layer ${layer.digest} cannot be decompressed`, {
    hint: "the image was made wrong, or the store is damaged: `ingot gc --check` tells which",
    cause,
  });
}

function bomb(layer: Descriptor, freely: number): IngotError {
  return new IngotError(
    "layer-malformed",
    `the layer ${layer.digest} unpacks to more than ${freely} bytes and more than ${mostRatio} times its size`,
    { hint: "do not use this image: it is made to fill the disk, or holds a file of nothing but zeros" },
  );
}

function assertBlob(expected: Digest, actual: Digest): void {
  if (expected === actual) return;
  throw new IngotError("store-damaged", `the blob ${expected} is damaged: its content is ${actual}`, {
    hint: "`ingot gc --check` names what is damaged; then build or pull the image again",
  });
}

function decompressor(compression: LayerCompression): Duplex {
  const options = { chunkSize: 1 << 20 };
  switch (compression) {
    case "none":
      return new PassThrough({ highWaterMark: 1 << 20 });
    case "gzip":
      return createGunzip(options);
    case "zstd":
      return createZstdDecompress(options);
  }
}
