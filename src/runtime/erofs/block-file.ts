import { writevSync } from "node:fs";
import { blockSize, blocksOf } from "./format.ts";

const flushAt = 4 * 1024 * 1024;

/** Appends data to an open file, each piece of content at the start of a block. */
export class BlockFile {
  readonly #file: number;
  #pending: Uint8Array[] = [];
  #pendingSize = 0;
  #size = 0;

  constructor(file: number) {
    this.#file = file;
  }

  /** Where the next content will start. */
  get nextBlock(): number {
    return blocksOf(this.#size);
  }

  append(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#pending.push(chunk);
    this.#pendingSize += chunk.length;
    this.#size += chunk.length;
    if (this.#pendingSize >= flushAt || this.#pending.length >= 512) this.flush();
  }

  /** Fills the last block with zeros. */
  pad(): void {
    const rest = this.#size % blockSize;
    if (rest > 0) this.append(zeros.subarray(rest));
  }

  flush(): void {
    let pending = this.#pending;
    while (pending.length > 0) pending = dropFirst(pending, writevSync(this.#file, pending));
    this.#pending = [];
    this.#pendingSize = 0;
  }
}

const zeros = Buffer.alloc(blockSize);

/** writev may write less than it is given, on a nearly full disk for one. */
function dropFirst(buffers: readonly Uint8Array[], written: number): Uint8Array[] {
  let left = written;
  return buffers.flatMap((buffer) => {
    const drop = Math.min(left, buffer.length);
    left -= drop;
    return drop === buffer.length ? [] : [buffer.subarray(drop)];
  });
}
