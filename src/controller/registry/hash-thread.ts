import { createHash, type Hash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { parentPort } from "node:worker_threads";

/** To a thread that hashes files: the first `size` bytes of one are there, and its last ones are `bytes`, where they are given. With `id`, the digest of them all is wanted. */
export type HashOrder = {
  readonly path: string;
  /** Undefined: no more will be asked about the file. */
  readonly size?: number;
  readonly bytes?: readonly Uint8Array<ArrayBuffer>[];
  readonly id?: number;
};

export type HashAnswer = { readonly id: number; readonly digest?: string; readonly error?: unknown };

type Progress = { readonly hash: Hash; at: number };

const files = new Map<string, Progress>();
/** Small enough for the processor's cache, large enough that system calls cost nothing beside the hashing. */
const block = Buffer.allocUnsafeSlow(256 << 10);

parentPort?.on("message", ({ path, size, bytes = [], id }: HashOrder) => {
  try {
    if (size === undefined) return void files.delete(path);
    const progress = files.get(path) ?? { hash: createHash("sha256"), at: 0 };
    files.set(path, progress);
    take(progress, bytes, size);
    read(progress, path, size);
    if (id === undefined) return;
    files.delete(path);
    answer({ id, digest: `sha256:${progress.hash.digest("hex")}` });
  } catch (error) {
    // The next order begins at the begin of the file.
    files.delete(path);
    if (id !== undefined) answer({ id, error });
  }
});

/** Only what follows on what was hashed: after a thread before this one ended, the file is read from its begin. */
function take(progress: Progress, bytes: readonly Uint8Array<ArrayBuffer>[], size: number): void {
  const follows = progress.at + bytes.reduce((sum, { length }) => sum + length, 0) === size;
  for (const one of bytes) {
    if (follows) progress.hash.update(one);
    if (follows) progress.at += one.length;
    // Its memory, at once.
    one.buffer.transfer(0);
  }
}

function read(progress: Progress, path: string, size: number): void {
  if (progress.at >= size) return;
  const file = openSync(path, "r");
  try {
    while (progress.at < size) {
      const length = readSync(file, block, 0, Math.min(block.length, size - progress.at), progress.at);
      // Shorter than it should be: the digest tells.
      if (length === 0) return;
      progress.hash.update(block.subarray(0, length));
      progress.at += length;
    }
  } finally {
    closeSync(file);
  }
}

function answer(message: HashAnswer): void {
  parentPort?.postMessage(message);
}
