import { hash } from "node:crypto";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import { decompressIndex, indexCompressions, type IndexCompression } from "./decompress-index.ts";
import { fetchListed } from "./fetch-bytes.ts";
import { readCachedIndex, writeCachedIndex } from "./lists-cache.ts";
import type { Release, ReleaseFile } from "./release.ts";
import { uriOf, type Patience } from "./transfer.ts";

export type IndexRequest = {
  /** Root of the archive at one mirror. */
  readonly root: string;
  readonly suite: string;
  readonly release: Release;
  /** Path below the suite's folder, without compression: `main/binary-amd64/Packages`. */
  readonly path: string;
  readonly patience: Patience;
  readonly onBytes?: (count: number) => void;
};

/** No index of Debian comes near; a larger one is a mistake or an attack on memory. */
const largestIndex = 1 << 30;

/**
 * Returns an unpacked index whose content is what the signed list says, from the cache or from the mirror. Throws
 * `archive-incomplete` when the list does not name it, `download-corrupt`, `download-missing`, `download-failed`.
 */
export async function readIndex(ctx: Context, request: IndexRequest): Promise<Buffer> {
  const plain = listedFile(request, "");
  const cached = readCachedIndex(ctx.home, plain);
  if (cached) return cached;
  const compression = indexCompressions.find((end) => request.release.files.has(request.path + end)) ?? "";
  const packed = await fetchIndex(ctx, request, compression);
  const where = `${request.root} ${request.suite} ${request.path}${compression}`;
  const bytes = await decompressIndex(packed, { compression, size: plain.size, where });
  if (hash("sha256", bytes) !== plain.sha256) {
    throw new IngotError("download-corrupt", `${where} unpacks to other content than its signed list says`);
  }
  writeCachedIndex(ctx.home, plain.sha256, bytes);
  return bytes;
}

function listedFile(request: IndexRequest, compression: IndexCompression): ReleaseFile {
  const file = request.release.files.get(request.path + compression);
  if (file && file.size <= largestIndex) return file;
  const problem = file ? `is ${file.size} bytes large` : "is not listed";
  throw new IngotError("archive-incomplete", `${request.root} ${request.suite}: ${request.path} ${problem}`);
}

/** By its hash first: that name stays right while the mirror changes to the next list (Acquire-By-Hash). */
async function fetchIndex(ctx: Context, request: IndexRequest, compression: IndexCompression): Promise<Buffer> {
  const file = listedFile(request, compression);
  const folder = `dists/${request.suite}/${request.path.replace(/\/[^/]*$/, "")}`;
  const named = uriOf(request.root, `dists/${request.suite}/${request.path}${compression}`);
  if (!request.release.byHash) return fetchListed(ctx, named, { ...request, file });
  try {
    return await fetchListed(ctx, uriOf(request.root, `${folder}/by-hash/SHA256/${file.sha256}`), { ...request, file });
  } catch (error) {
    if (!(error instanceof IngotError) || error.code !== "download-missing") throw error;
    return await fetchListed(ctx, named, { ...request, file });
  }
}
