import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";
import { compare } from "../../ground/compare.ts";
import { IngotError } from "../../ground/error.ts";
import { malformed } from "./feed-error.ts";

/** A file of `key TAB value` lines, sorted by key: looked up by halving, without reading any of it into objects. */
export type LineTable = {
  readonly get: (key: string) => string | undefined;
  /** Whether any key begins so. */
  readonly hasPrefix: (prefix: string) => boolean;
};

/** Writes a new file of lines `key TAB value`, sorted by key, and syncs it. Throws `feed-malformed` for a key that holds a tab or a line break. */
export function writeLineTable(path: string, entries: ReadonlyMap<string, string>): void {
  const file = openSync(path, "wx", 0o644);
  try {
    let block: string[] = [];
    for (const key of [...entries.keys()].toSorted(compare)) {
      if (/[\t\n]/.test(key)) throw malformed("a name holds a tab or a line break", key);
      block.push(`${key}\t${entries.get(key) ?? ""}\n`);
      if (block.length < 4096) continue;
      writeSync(file, block.join(""));
      block = [];
    }
    writeSync(file, block.join(""));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Throws `feed-damaged` where the file is not there or does not end in a whole line. */
export function openLineTable(path: string): LineTable {
  const bytes = readTable(path);
  return {
    get: (key) => {
      const line = seek(bytes, key);
      return line?.key === key ? line.value : undefined;
    },
    hasPrefix: (prefix) => seek(bytes, prefix)?.key.startsWith(prefix) === true,
  };
}

const lineBreak = 0x0a;
const tab = 0x09;

function readTable(path: string): Buffer {
  try {
    const bytes = readFileSync(path);
    if (bytes.length === 0 || bytes.at(-1) === lineBreak) return bytes;
  } catch (cause) {
    throw damaged(path, cause);
  }
  throw damaged(path);
}

/** The error for an index on disk that cannot be what was written. */
export function damaged(path: string, cause?: unknown): IngotError {
  return new IngotError("feed-damaged", `the index ${path} of a feed is damaged`, {
    hint: "ingot feeds remove it, and add it again",
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The first line whose key is not before the wanted one. */
function seek(bytes: Buffer, wanted: string): { readonly key: string; readonly value: string } | undefined {
  let from = 0;
  let to = bytes.length;
  let found: { key: string; value: string } | undefined;
  while (from < to) {
    const middle = (from + to) >> 1;
    const start = Math.max(middle === 0 ? 0 : bytes.lastIndexOf(lineBreak, middle - 1) + 1, from);
    const end = bytes.indexOf(lineBreak, start);
    const keyEnd = bytes.indexOf(tab, start);
    const key = bytes.toString("utf8", start, keyEnd);
    if (compare(key, wanted) < 0) from = end + 1;
    else {
      found = { key, value: bytes.toString("utf8", keyEnd + 1, end) };
      if (key === wanted) return found;
      to = start;
    }
  }
  return found;
}
