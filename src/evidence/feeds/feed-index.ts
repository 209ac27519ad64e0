import { closeSync, fsyncSync, openSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import { damaged, openLineTable, writeLineTable } from "./line-table.ts";

/** Bytes of the file `data`: `offset+length`, both in base 36. */
export type Place = string;

/**
 * Writes the index of a feed: `data` holds what is said of each package, one JSON text after the other as the feed has them; `keys` says for each package where.
 * So a feed is read once, whatever its order, with only names and places held in memory.
 */
export class IndexWriter {
  readonly #folder: string;
  readonly #file: number;
  readonly #places = new Map<string, string>();
  #block: string[] = [];
  #blockBytes = 0;
  #offset = 0;

  constructor(folder: string) {
    this.#folder = folder;
    this.#file = openSync(join(folder, "data"), "wx", 0o644);
  }

  append(text: string): Place {
    const length = Buffer.byteLength(text);
    const place = `${this.#offset.toString(36)}+${length.toString(36)}`;
    this.#offset += length;
    this.#block.push(text);
    this.#blockBytes += length;
    if (this.#blockBytes >= 1 << 20) this.#flush();
    return place;
  }

  add(key: string, value: unknown): void {
    const place = this.append(JSON.stringify(value));
    const before = this.#places.get(key);
    this.#places.set(key, before === undefined ? place : `${before},${place}`);
  }

  /** For feeds that say one short thing of each id. */
  set(key: string, value: string): void {
    this.#places.set(key, value);
  }

  has(key: string): boolean {
    return this.#places.has(key);
  }

  finish(): void {
    this.#flush();
    fsyncSync(this.#file);
    writeLineTable(join(this.#folder, "keys"), this.#places);
  }

  close(): void {
    closeSync(this.#file);
  }

  #flush(): void {
    const bytes = Buffer.from(this.#block.join(""));
    for (let written = 0; written < bytes.length;) written += writeSync(this.#file, bytes, written);
    this.#block = [];
    this.#blockBytes = 0;
  }
}

/** What was said of packages, read only where it is asked for. */
export type FeedIndex = {
  readonly get: (key: string) => string | undefined;
  /** Whether anything was said under a key that begins so. */
  readonly hasPrefix: (prefix: string) => boolean;
  /** Opens `data` once for many reads. */
  readonly read: <T>(work: (reader: IndexReader) => T) => T;
};

export type IndexReader = {
  /** All values that were added under a key. */
  readonly values: (key: string) => readonly unknown[];
  readonly text: (place: Place) => string;
};

/** Opens the index in a feed's folder; its data are opened by each `read`, for as long as that takes. Throws `feed-damaged`. */
export function openIndex(folder: string): FeedIndex {
  const keys = openLineTable(join(folder, "keys"));
  const path = join(folder, "data");
  return {
    get: keys.get,
    hasPrefix: keys.hasPrefix,
    read: (work) => {
      const file = openData(path);
      try {
        const text = (place: Place) => readPlace(file, path, place);
        const values = (key: string) => (keys.get(key)?.split(",") ?? []).map((place) => parse(text(place), path));
        return work({ text, values });
      } finally {
        closeSync(file);
      }
    },
  };
}

function openData(path: string): number {
  try {
    return openSync(path, "r");
  } catch (cause) {
    throw damaged(path, cause);
  }
}

function readPlace(file: number, path: string, place: Place): string {
  const [offset = Number.NaN, length = Number.NaN] = place.split("+").map((number) => Number.parseInt(number, 36));
  if (!(offset >= 0 && length >= 0 && length <= 1 << 28)) throw damaged(path);
  const bytes = Buffer.allocUnsafe(length);
  if (readSync(file, bytes, 0, length, offset) !== length) throw damaged(path);
  return bytes.toString("utf8");
}

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw damaged(path, cause);
  }
}
