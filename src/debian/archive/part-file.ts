import { createHash, type Hash } from "node:crypto";
import { constants, mkdirSync } from "node:fs";
import { open, stat, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "../../ground/context.ts";
import { IngotError, isErrno } from "../../ground/error.ts";
import { tryLock } from "../../ground/libc.ts";

/**
 * Runs `work` on a file that this caller alone holds, in this process and all others; waits for its turn. The lock is
 * on the file itself, so a holder that was killed leaves its part to the next one, and a file that was renamed away
 * meanwhile is opened anew.
 */
export async function withPartFile<T>(ctx: Context, path: string, work: (part: PartFile) => Promise<T>): Promise<T> {
  mkdirSync(dirname(path), { recursive: true });
  for (;;) {
    const handle = await open(path, constants.O_RDWR | constants.O_CREAT, 0o644);
    try {
      await waitForLock(ctx, handle.fd);
      if (await isStillAt(handle, path)) return await work(await PartFile.of(handle));
    } finally {
      await handle.close();
    }
  }
}

/** A growing file and the hash of what it has so far. */
export class PartFile {
  readonly #handle: FileHandle;
  #hash: Hash = createHash("sha256");
  #length = 0;

  private constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  static async of(handle: FileHandle): Promise<PartFile> {
    const part = new PartFile(handle);
    for await (const chunk of handle.createReadStream({ autoClose: false, start: 0, highWaterMark: 1 << 20 })) {
      part.#hash.update(chunk as Buffer);
      part.#length += (chunk as Buffer).length;
    }
    return part;
  }

  get length(): number {
    return this.#length;
  }

  async append(chunk: Uint8Array): Promise<void> {
    this.#hash.update(chunk);
    for (let written = 0; written < chunk.length;) {
      const { bytesWritten } = await this.#handle.write(chunk, written, chunk.length - written, this.#length + written);
      written += bytesWritten;
    }
    this.#length += chunk.length;
  }

  /** Empties it: what it has cannot become the wanted content. */
  async restart(): Promise<void> {
    await this.#handle.truncate(0);
    this.#hash = createHash("sha256");
    this.#length = 0;
  }

  /** The hex SHA-256 of its content so far. */
  digest(): string {
    return this.#hash.copy().digest("hex");
  }

  /** After this a crash cannot take its content away. */
  async sync(): Promise<void> {
    await this.#handle.datasync();
  }
}

async function waitForLock(ctx: Context, fileDescriptor: number): Promise<void> {
  while (!tryLock(fileDescriptor)) {
    try {
      await sleep(50, undefined, { signal: ctx.signal });
    } catch (error) {
      throw new IngotError("cancelled", "the download was stopped", { cause: error });
    }
  }
}

async function isStillAt(handle: FileHandle, path: string): Promise<boolean> {
  const mine = await handle.stat();
  try {
    const there = await stat(path);
    return mine.ino === there.ino && mine.dev === there.dev;
  } catch (error) {
    if (isErrno(error, "ENOENT")) return false;
    throw error;
  }
}
