import { present } from "../../ground/present.ts";

/** Something to be read, and the bytes that it takes in memory then. */
export type Part<T> = { readonly size: number; readonly read: () => Promise<T> };

/**
 * Reads parts in their order, as many ahead of the one that is asked for as fit into `limit` bytes, and one at least. What was handed out counts no more:
 * it is the caller's.
 */
export class ReadAhead<T> {
  readonly #waiting: Part<T>[];
  readonly #reading: { readonly size: number; readonly content: Promise<T> }[] = [];
  readonly #limit: number;
  #ahead = 0;

  constructor(parts: readonly Part<T>[], limit: number) {
    this.#waiting = parts.toReversed();
    this.#limit = limit;
    this.#fill();
  }

  /** The next part's content. */
  async next(): Promise<T> {
    const { size, content } = present(this.#reading.shift(), "a part to read");
    try {
      return await content;
    } finally {
      this.#ahead -= size;
      this.#fill();
    }
  }

  #fill(): void {
    for (;;) {
      const part = this.#waiting.at(-1);
      if (part === undefined || (this.#reading.length > 0 && this.#ahead + part.size > this.#limit)) return;
      this.#waiting.pop();
      this.#ahead += part.size;
      const content = part.read();
      // Another part may fail first; this one's failure is then nobody's unhandled rejection.
      content.catch(() => {});
      this.#reading.push({ size: part.size, content });
    }
  }
}
