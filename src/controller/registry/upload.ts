import { rmSync, statfsSync, statSync } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { IngotError, isErrno } from "../../ground/error.ts";
import { isDigest, type Digest } from "../../oci/digest.ts";
import type { FileHasher } from "./file-hasher.ts";

/** Bytes as they come in, some at a time. */
export type Pieces = AsyncIterable<readonly Buffer[]>;

/** One blob on its way in. Its bytes are appended to a file in the order in which they come; the file is the truth of how far it got. */
export type Upload = {
  readonly id: string;
  /** Bytes that are there. */
  readonly size: () => number;
  /** Whether so many more bytes would be taken, before the first of them is read. Throws `upload-too-large` (the upload is gone then), `disk-full`. */
  readonly assertRoom: (bytes: number) => void;
  /** Throws `upload-invalid` while another request appends, `upload-too-large` (the upload is gone then), `disk-full`, and what `pieces` throws: what came before stays. */
  readonly append: (pieces: Pieces) => Promise<void>;
  /** Makes it a blob, durable when it resolves. Throws `blob-mismatch`: the upload is gone then. */
  readonly finish: (digest: Digest) => Promise<void>;
  readonly cancel: () => void;
  /** Resolves when no request is working on it. */
  readonly idle: () => Promise<void>;
};

type Setup = {
  readonly id: string;
  readonly folder: string;
  /** Bytes. */
  readonly limit: number;
  readonly hasher: FileHasher;
  readonly publish: (path: string, digest: Digest) => Promise<void>;
  readonly onEnd: () => void;
};

export function openUpload(setup: Setup): Upload {
  const { id, folder, limit, hasher, publish, onEnd } = setup;
  const path = join(folder, "data");
  let size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  const { alone, idle } = openTurn(id);
  let isGone = false;
  const cancel = (): void => {
    isGone = true;
    onEnd();
    hasher.forget(path);
    rmSync(folder, { recursive: true, force: true });
  };
  const append = async (pieces: Pieces): Promise<void> => {
    await using file = await open(path, size === 0 ? "w" : "r+", 0o600);
    for await (const buffers of pieces) {
      const length = buffers.reduce((sum, { length: one }) => sum + one, 0);
      if (size + length > limit) throw tooLarge(limit);
      await writeAll(file, buffers, size);
      size += length;
      hasher.grown(path, size, buffers);
    }
  };
  const finish = async (digest: Digest): Promise<void> => {
    await using file = await open(path, size === 0 ? "a" : "r+", 0o600);
    const actual = await hasher.digest(path, size);
    if (actual !== digest) throw mismatch(digest, actual);
    if (isGone) throw cancelled(id);
    // What a failed write left behind the end.
    await file.truncate(size);
    await file.sync();
    await publish(path, digest);
  };
  const whileThere = (job: () => Promise<void>): Promise<void> =>
    alone(() => unlessGone(job, () => isGone && cancelled(id)));
  return {
    id,
    cancel,
    size: () => size,
    assertRoom: (bytes) => {
      if (size + bytes > limit) {
        cancel();
        throw tooLarge(limit);
      }
      const { bavail, bsize } = statfsSync(folder);
      if (bytes > bavail * bsize) throw diskFull();
    },
    append: (pieces) => whileThere(() => endOn(["upload-too-large"], cancel, () => append(pieces))),
    finish: (digest) =>
      whileThere(async () => {
        await endOn(["blob-mismatch"], cancel, () => finish(digest));
        cancel();
      }),
    idle,
  };
}

type Turn = { readonly alone: (job: () => Promise<void>) => Promise<void>; readonly idle: () => Promise<void> };

/** One request at a time works on an upload; a second one is refused. */
function openTurn(id: string): Turn {
  let work: Promise<void> | undefined;
  return {
    alone: async (job) => {
      if (work !== undefined) throw inUse(id);
      work = job();
      try {
        await work;
      } finally {
        work = undefined;
      }
    },
    idle: async () => {
      await work?.catch(() => {});
    },
  };
}

/** `gone`: the error of an upload whose folder was taken away. */
async function unlessGone(job: () => Promise<void>, gone: () => false | IngotError): Promise<void> {
  const before = gone();
  if (before !== false) throw before;
  try {
    await job();
  } catch (error) {
    throw (isErrno(error, "ENOENT") && gone()) || error;
  }
}

/** An error of these codes ends the upload: nothing could make it whole any more. */
async function endOn(codes: readonly string[], cancel: () => void, job: () => Promise<void>): Promise<void> {
  try {
    await job();
  } catch (error) {
    if (error instanceof IngotError && codes.includes(error.code)) cancel();
    throw diskError(error);
  }
}

async function writeAll(file: FileHandle, buffers: readonly Buffer[], position: number): Promise<void> {
  const length = buffers.reduce((sum, one) => sum + one.length, 0);
  const { bytesWritten } = await file.writev(buffers, position);
  if (bytesWritten === length) return;
  // A full disk takes a part and fails at the rest.
  const rest = Buffer.concat(buffers).subarray(bytesWritten);
  for (let at = 0; at < rest.length;) {
    at += (await file.write(rest, at, rest.length - at, position + bytesWritten + at)).bytesWritten;
  }
}

function diskError(error: unknown): unknown {
  return isErrno(error, "ENOSPC") || isErrno(error, "EDQUOT") ? diskFull(error) : error;
}

function diskFull(cause?: unknown): IngotError {
  return new IngotError("disk-full", "no space is left for the upload", {
    hint: "free some space on the controller's disk, or collect garbage there; what came so far is kept for a day",
    cause,
  });
}

function cancelled(id: string): IngotError {
  return new IngotError("upload-unknown", `the upload ${id} was cancelled meanwhile`, { hint: "push again" });
}

function inUse(id: string): IngotError {
  return new IngotError("upload-invalid", `another request is working on the upload ${id}`, {
    hint: "send the parts of an upload one after the other",
  });
}

function tooLarge(limit: number): IngotError {
  return new IngotError("upload-too-large", `the registry takes blobs of at most ${limit} bytes`, {
    hint: "raise limits.blob in controller.yaml",
  });
}

function mismatch(expected: Digest, actual: string): IngotError {
  const got = isDigest(actual) ? actual : "another";
  return new IngotError("blob-mismatch", `expected the blob ${expected}, got ${got}`, {
    hint: "push again; if it stays so, something between client and registry alters content",
  });
}
