import {
  chmodSync,
  closeSync,
  constants,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { syncFolder } from "../../ground/atomic-file.ts";
import { IngotError, isErrno } from "../../ground/error.ts";
import { adoptBlob } from "./adopt-blob.ts";
import { ingestPath, storeError } from "./ingest.ts";
import { digester, digestOf, hexOf, type Digest } from "../digest.ts";

/** What a blob must turn out to be; a part that is left out is not compared. */
export type ExpectedBlob = { readonly digest?: Digest; readonly size?: number };

/** The content-addressed half of a layout: `blobs/sha256/HEX`. A blob is there whole, read-only, or not at all. */
export type Blobs = {
  readonly blobPath: (digest: Digest) => string;
  readonly hasBlob: (digest: Digest) => boolean;
  /** Bytes; undefined when the blob is not there. */
  readonly blobSize: (digest: Digest) => number | undefined;
  /** Whether the blob is there with this size. If so it counts as young again, so that garbage collection leaves it until it is named. */
  readonly renewBlob: (digest: Digest, size: number) => boolean;
  /** Throws `blob-missing`, or `store-damaged` when the file no longer has the content that its name says. */
  readonly readBlob: (digest: Digest) => Buffer;
  /** Stores bytes, durable when it returns. */
  readonly putBlob: (content: Uint8Array | string) => Digest;
  /** Stores a stream, verified while it is written: throws `blob-mismatch`, and then nothing is left of it. */
  readonly putBlobStream: (source: AsyncIterable<Uint8Array>, expected?: ExpectedBlob) => Promise<StoredBlob>;
  /** Moves a file in, whose content is known to have this digest and is synced; durable when it resolves. It takes the place of a blob that is there, which may be damaged. */
  readonly adoptBlob: (file: string, digest: Digest) => Promise<void>;
};

export type StoredBlob = { readonly digest: Digest; readonly size: number };

export function openBlobs(folder: string): Blobs {
  const blobPath = (digest: Digest): string => join(folder, "blobs/sha256", hexOf(digest));
  const blobSize = (digest: Digest): number | undefined => {
    const stats = statSync(blobPath(digest), { throwIfNoEntry: false });
    return stats?.isFile() ? stats.size : undefined;
  };
  return {
    blobPath,
    blobSize,
    hasBlob: (digest) => blobSize(digest) !== undefined,
    renewBlob: (digest, size) => isRenewed(blobPath(digest), size),
    readBlob: (digest) => readVerified(blobPath(digest), digest),
    putBlob: (content) => put(folder, blobPath, content),
    putBlobStream: (source, expected = {}) => putStream({ folder, blobPath, source, expected }),
    adoptBlob: (file, digest) => adoptBlob(folder, file, blobPath(digest)),
  };
}

function readVerified(path: string, digest: Digest): Buffer {
  const content = readFile(path, digest);
  const actual = digestOf(content);
  if (actual === digest) return content;
  throw new IngotError("store-damaged", `the blob ${digest} is damaged: its content is ${actual}`, {
    hint: "ingot gc --check --remove-damaged, then build or pull its image again",
  });
}

function readFile(path: string, digest: Digest): Buffer {
  try {
    return readFileSync(path, { flag: withoutWaiting });
  } catch (cause) {
    if (!isErrno(cause, "ENOENT")) throw cause;
    throw new IngotError("blob-missing", `the store has no blob ${digest}`, {
      hint: "build or pull its image again; `ingot gc --check` names every image that lacks something",
      cause,
    });
  }
}

/** Attack: a pipe in a layout of somebody else, which would be waited for without an end. Read so, it is empty. */
export const withoutWaiting: number = constants.O_RDONLY | constants.O_NONBLOCK;

function put(folder: string, blobPath: Blobs["blobPath"], content: Uint8Array | string): Digest {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  const digest = digestOf(bytes);
  if (isRenewed(blobPath(digest), bytes.length)) return digest;
  const temporary = ingestPath(folder);
  try {
    const file = openSync(temporary, "wx", 0o444);
    try {
      for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    publish(temporary, blobPath(digest));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw storeError(error);
  }
  return digest;
}

type StreamPut = {
  readonly folder: string;
  readonly blobPath: Blobs["blobPath"];
  readonly source: AsyncIterable<Uint8Array>;
  readonly expected: ExpectedBlob;
};

async function putStream({ folder, blobPath, source, expected }: StreamPut): Promise<StoredBlob> {
  const temporary = ingestPath(folder);
  try {
    const stored = await writeStream(temporary, source, expected);
    if (isRenewed(blobPath(stored.digest), stored.size)) rmSync(temporary, { force: true });
    else publish(temporary, blobPath(stored.digest));
    return stored;
  } catch (error) {
    rmSync(temporary, { force: true });
    throw storeError(error);
  }
}

async function writeStream(
  path: string,
  source: AsyncIterable<Uint8Array>,
  expected: ExpectedBlob,
): Promise<StoredBlob> {
  const hash = digester();
  let size = 0;
  await using file = await open(path, "wx", 0o444);
  for await (const piece of inPieces(source, expected.size)) {
    size += piece.length;
    hash.update(piece);
    for (let at = 0; at < piece.length;) at += (await file.write(piece, at)).bytesWritten;
  }
  if (expected.size !== undefined && size !== expected.size) throw mismatch("exactly", size, expected.size);
  const digest = hash.digest();
  if (expected.digest !== undefined && digest !== expected.digest) {
    throw new IngotError("blob-mismatch", `expected the blob ${expected.digest}, got ${digest}`, { hint: retryHint });
  }
  await file.sync();
  return { digest, size };
}

/** The network's small chunks in pieces of a mebibyte: hashing and writing each chunk by itself takes twice the processor time. */
async function* inPieces(
  source: AsyncIterable<Uint8Array>,
  limit: number | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  let chunks: Uint8Array[] = [];
  let size = 0;
  let total = 0;
  for await (const chunk of source) {
    total += chunk.length;
    // Without this a hostile registry fills the disk before the digest is known to be wrong.
    if (limit !== undefined && total > limit) throw mismatch("at least", total, limit);
    chunks.push(chunk);
    size += chunk.length;
    if (size < 1 << 20) continue;
    yield Buffer.concat(chunks);
    chunks = [];
    size = 0;
  }
  if (size > 0) yield Buffer.concat(chunks);
}

function mismatch(how: string, actual: number, expected: number): IngotError {
  return new IngotError("blob-mismatch", `expected a blob of ${expected} bytes, got ${how} ${actual}`, {
    hint: retryHint,
  });
}

const retryHint = "try again; if it stays so, the registry or something on the way to it alters content";

/**
 * Whether the blob is there already. Its time is renewed: garbage collection leaves young blobs alone, and this one is about to be
 * referenced again.
 */
function isRenewed(path: string, size: number): boolean {
  try {
    if (statSync(path, { throwIfNoEntry: false })?.size !== size) return false;
    const now = new Date();
    utimesSync(path, now, now);
    return true;
  } catch (error) {
    // Swept in this very moment: write it again.
    if (isErrno(error, "ENOENT")) return false;
    throw error;
  }
}

function publish(temporary: string, path: string): void {
  const folder = join(path, "..");
  mkdirSync(folder, { recursive: true });
  // An instance's owner may be another user: whatever the umask, content that is named by its hash is for all who may enter the folder.
  chmodSync(temporary, 0o444);
  renameSync(temporary, path);
  syncFolder(folder);
}
