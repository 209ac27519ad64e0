import { closeSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzip, zstdDecompress } from "node:zlib";
import { temporaryPath } from "../../ground/atomic-file.ts";
import { isErrno } from "../../ground/error.ts";
import type { Descriptor } from "../descriptor.ts";
import { digestOf } from "../digest.ts";
import type { Layout } from "../layout.ts";
import type { TarHeader } from "../tar/entry.ts";
import { readTarStream } from "../tar/read-stream.ts";
import { readTar } from "../tar/read.ts";
import { assertDiffId, compressionOf, notDecompressed, openLayer, type LayerOptions } from "./open-layer.ts";

/** One uncompressed layer, verified, with its headers read and its contents at hand. */
export type LayerTar = Disposable & {
  readonly entries: readonly LayerEntry[];
  /** Bytes of the archive, in pieces of some megabytes at most. */
  readonly read: (offset: number, length: number) => Iterable<Buffer>;
};

/** `offset`: where the content begins in the archive. */
export type LayerEntry = { readonly header: TarHeader; readonly offset: number };

export type LayerTarOptions = LayerOptions & {
  /** A layer that unpacks to more bytes than this is spooled to a file that has no name; default 1 GiB. */
  readonly memory?: number;
};

/** Reads a layer. The caller disposes of it when the contents are no longer needed. */
export async function openLayerTar(
  layout: Layout,
  layer: Descriptor,
  options: LayerTarOptions = {},
): Promise<LayerTar> {
  const archive = await readLayer(layout, layer, options);
  return archive === undefined ? spool(layout, layer, options) : inMemory(archive);
}

/** The uncompressed tar of a layer as one buffer; undefined when it is larger than `memory`. */
export async function readLayer(
  layout: Layout,
  layer: Descriptor,
  { diffId, memory = 1 << 30 }: LayerTarOptions = {},
): Promise<Buffer | undefined> {
  const compression = compressionOf(layer);
  if (layer.size > memory) return undefined;
  const blob = layout.readBlob(layer.digest);
  const archive = await decompress(blob, { compression, memory }).catch((cause: unknown) => {
    throw notDecompressed(layer, cause);
  });
  if (archive !== undefined && diffId !== undefined) assertDiffId(layer, diffId, digestOf(archive));
  return archive;
}

type Decompress = { readonly compression: ReturnType<typeof compressionOf>; readonly memory: number };

async function decompress(blob: Buffer, { compression, memory }: Decompress): Promise<Buffer | undefined> {
  if (compression === "none") return blob;
  // A small blob may unpack to terabytes: the limit is what keeps it from taking the memory of the host.
  const chunkSize = compression === "gzip" ? gzipOutputSize(blob, memory) : 4 << 20;
  const limits = { maxOutputLength: memory, chunkSize };
  try {
    return await (compression === "gzip" ? promisify(gunzip)(blob, limits) : promisify(zstdDecompress)(blob, limits));
  } catch (error) {
    if (isErrno(error, "ERR_BUFFER_TOO_LARGE")) return undefined;
    throw error;
  }
}

/**
 * Bytes that a gzip file says it unpacks to, in its last four (RFC 1952). One buffer of that size saves joining many. It is only a hint, and a
 * false one takes no more memory than deflate could fill (1032 : 1).
 */
function gzipOutputSize(blob: Buffer, memory: number): number {
  const said = blob.length < 18 ? 0 : blob.readUInt32LE(blob.length - 4);
  return Math.max(1 << 16, Math.min(said + 1, blob.length * 1032, memory));
}

function inMemory(archive: Buffer): LayerTar {
  const entries = Array.from(readTar(archive), ({ content, ...header }) => ({
    header,
    offset: content.byteOffset - archive.byteOffset,
  }));
  return {
    entries,
    read: (offset, length) => [archive.subarray(offset, offset + length)],
    [Symbol.dispose]: () => {},
  };
}

async function spool(layout: Layout, layer: Descriptor, options: LayerTarOptions): Promise<LayerTar> {
  await mkdir(join(layout.folder, "ingest"), { recursive: true });
  const path = temporaryPath(join(layout.folder, "ingest/layer"));
  const file = openSync(path, "wx+", 0o600);
  // Without a name from here on: whatever ends this process also frees the space.
  rmSync(path);
  try {
    const entries: LayerEntry[] = [];
    const source = copyTo(file, openLayer(layout, layer, options));
    for await (const { header, offset } of readTarStream(source)) entries.push({ header, offset });
    return {
      entries,
      read: (offset, length) => readPieces(file, offset, length),
      [Symbol.dispose]: () => closeSync(file),
    };
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

async function* copyTo(file: number, source: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length;) at += writeSync(file, chunk, at);
    yield chunk;
  }
}

function* readPieces(file: number, offset: number, length: number): Generator<Buffer, void, undefined> {
  for (let at = 0; at < length;) {
    const piece = Buffer.allocUnsafe(Math.min(length - at, 4 << 20));
    const count = readSync(file, piece, 0, piece.length, offset + at);
    yield piece.subarray(0, count);
    at += count;
  }
}
