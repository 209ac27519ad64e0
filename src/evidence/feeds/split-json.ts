import { malformed, tooLarge } from "./feed-error.ts";

export type SplitOptions = {
  /** Bytes of one piece; more is refused. */
  readonly limit: number;
};

/**
 * Cuts JSON that is too large to parse at once into pieces that are JSON themselves: an object gives `{"key":value}` for each member, an array gives
 * its elements, and a sequence of objects (one a line, or one at all with `"sequence"`) gives each of them. Whoever takes the pieces parses them, and thereby checks
 * them: here only brackets and strings are followed. Throws `feed-malformed` where the end is missing, `feed-too-large`.
 */
export async function* splitJson(
  chunks: AsyncIterable<Uint8Array>,
  shape: "members" | "elements" | "sequence",
  options: SplitOptions,
): AsyncGenerator<Buffer, void, undefined> {
  const splitter = new Splitter(shape, options.limit);
  for await (const chunk of chunks) yield* splitter.take(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
  splitter.end();
}

const byte = { quote: 0x22, comma: 0x2c, backslash: 0x5c, open: 0x7b, close: 0x7d, openList: 0x5b, closeList: 0x5d };

class Splitter {
  readonly #opener: number;
  readonly #closer: number;
  /** Depth at which a piece is looked for: inside the one object or list, or outside of all. */
  readonly #base: 0 | 1;
  readonly #wrap: boolean;
  readonly #limit: number;
  #depth = 0;
  #isInString = false;
  #isEscaped = false;
  #isOver = false;
  #pieces = 0;
  /** Where in the chunk the piece begins. */
  #start = 0;
  /** Earlier chunks' part of the piece that is not whole yet. */
  #held: Buffer[] = [];
  #heldBytes = 0;

  constructor(shape: "members" | "elements" | "sequence", limit: number) {
    this.#opener = shape === "elements" ? byte.openList : byte.open;
    this.#closer = shape === "elements" ? byte.closeList : byte.close;
    this.#base = shape === "sequence" ? 0 : 1;
    this.#wrap = shape === "members";
    this.#limit = limit;
  }

  *take(chunk: Buffer): Generator<Buffer, void, undefined> {
    this.#start = 0;
    for (let at = 0; at < chunk.length; at++) {
      if (this.#isInString) {
        at = this.#followString(chunk, at);
        continue;
      }
      const piece = this.#step(chunk, at);
      if (piece !== undefined) yield piece;
    }
    if (this.#depth > 0) this.#hold(chunk.subarray(this.#start));
  }

  end(): void {
    if (this.#depth > 0 || this.#isInString) throw malformed("it is cut off: its last bracket is missing");
    if (this.#base === 1 && !this.#isOver) throw malformed("it is empty");
  }

  /** One byte outside of strings; returns the piece that ends with it. */
  #step(chunk: Buffer, at: number): Buffer | undefined {
    const code = chunk[at] as number;
    if (this.#depth === 0 && code !== byte.open && code !== byte.openList) return this.#outside(code, at);
    switch (code) {
      case byte.quote:
        this.#isInString = true;
        return undefined;
      case byte.open:
      case byte.openList:
        return this.#open(code, at);
      case byte.close:
      case byte.closeList:
        this.#depth--;
        return this.#depth === 0 ? this.#close(chunk, at) : undefined;
      case byte.comma:
        return this.#base === 1 && this.#depth === 1 ? this.#cut(chunk, at, "inner") : undefined;
      default:
        return undefined;
    }
  }

  #outside(code: number, at: number): undefined {
    if (code > 0x20) throw malformed(this.#isOver || this.#pieces > 0 ? "something follows its end" : "it is not JSON");
    this.#start = at + 1;
  }

  #open(code: number, at: number): undefined {
    if (this.#depth === 0) {
      if (this.#isOver) throw malformed("something follows its end");
      if (code !== this.#opener) throw malformed("it is not JSON of the shape that its kind has");
      this.#start = at + this.#base;
    }
    this.#depth++;
  }

  /** The end of the whole, or of one of a sequence. */
  #close(chunk: Buffer, at: number): Buffer | undefined {
    if (chunk[at] !== this.#closer) throw malformed("it is not JSON: the brackets do not fit");
    if (this.#base === 0) return this.#cut(chunk, at, "whole");
    this.#isOver = true;
    return this.#cut(chunk, at, "last");
  }

  /** From inside a string to its end or the chunk's; returns the place it came to. */
  #followString(chunk: Buffer, from: number): number {
    let at = from;
    for (; at < chunk.length; at++) {
      const code = chunk[at] as number;
      if (this.#isEscaped) this.#isEscaped = false;
      else if (code === byte.backslash) this.#isEscaped = true;
      else if (code === byte.quote) {
        this.#isInString = false;
        return at;
      }
    }
    return at;
  }

  #hold(part: Buffer): void {
    this.#heldBytes += part.length;
    if (this.#heldBytes > this.#limit) throw tooLarge("one record of the feed", this.#limit);
    this.#held.push(part);
  }

  /** The piece that ends at `at`; only a whole one has its last byte with it. Undefined for the nothing in `{}`. */
  #cut(chunk: Buffer, at: number, place: "inner" | "last" | "whole"): Buffer | undefined {
    const part = chunk.subarray(this.#start, place === "whole" ? at + 1 : at);
    this.#start = at + 1;
    this.#hold(part);
    const parts = this.#wrap ? [Buffer.from("{"), ...this.#held, Buffer.from("}")] : this.#held;
    const piece = parts.length === 1 ? part : Buffer.concat(parts);
    const isBlank = this.#held.every((held) => held.every((code) => code <= 0x20));
    this.#held = [];
    this.#heldBytes = 0;
    // `{}` has no members, but `{"a":1,}` lacks one.
    if (isBlank && place === "last" && this.#pieces === 0) return undefined;
    if (isBlank) throw malformed("it is not JSON: nothing stands between two commas");
    this.#pieces++;
    return piece;
  }
}
