import { createHash, type Hash } from "node:crypto";
import { closeSync, fsyncSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { tooLarge } from "./feed-error.ts";

/** A file that is written as it comes, with its size held to a limit and its SHA-256 taken on the way. */
export class Receiver {
  readonly #what: string;
  readonly #limit: number;
  readonly #file: number;
  #hash: Hash = createHash("sha256");
  #size = 0;

  /** `what` names it where it is too large. */
  constructor(path: string, what: string, limit: number) {
    this.#what = what;
    this.#limit = limit;
    this.#file = openSync(path, "wx", 0o644);
  }

  get size(): number {
    return this.#size;
  }

  write(chunk: Uint8Array): void {
    if (this.#size + chunk.length > this.#limit) throw tooLarge(this.#what, this.#limit);
    for (let written = 0; written < chunk.length;) {
      written += writeSync(this.#file, chunk, written, chunk.length - written, this.#size + written);
    }
    this.#hash.update(chunk);
    this.#size += chunk.length;
  }

  /** Begins anew. */
  restart(): void {
    ftruncateSync(this.#file, 0);
    this.#hash = createHash("sha256");
    this.#size = 0;
  }

  /** Hex SHA-256; the content is durable then. */
  digest(): string {
    fsyncSync(this.#file);
    return this.#hash.copy().digest("hex");
  }

  close(): void {
    closeSync(this.#file);
  }
}
