import { parseEntries } from "../log/entry-bundle.ts";
import { hashLeaf, hashSize } from "../log/merkle.ts";
import { spanOf, tileWidth } from "../log/tile-path.ts";
import type { LogFinding } from "./finding.ts";

/** What was read of an entry bundle. */
export type ReadBundle = {
  readonly entries: readonly Buffer[];
  readonly leaves: readonly Buffer[];
  /** Bytes behind the entries that were wanted. */
  readonly rest: number;
};

export function readEntries(bytes: Buffer, width: number): ReadBundle {
  const { entries, rest } = parseEntries(bytes, width);
  return { entries, rest, leaves: entries.map(hashLeaf) };
}

export function readTileHashes(bytes: Buffer, width: number): readonly Buffer[] {
  const count = Math.min(width, Math.floor(bytes.length / hashSize));
  return Array.from({ length: count }, (_, at) => bytes.subarray(at * hashSize, (at + 1) * hashSize));
}

/** Where the entries of a bundle are first another than the tree's; `first` is the number of its first one. */
export function compareEntries(
  file: string,
  { leaves, rest }: ReadBundle,
  { hashes, first }: { readonly hashes: readonly Buffer[]; readonly first: number },
): LogFinding | undefined {
  const at = firstDifference(leaves, hashes);
  if (at !== undefined && at < leaves.length)
    return { file, entry: first + at, problem: `has another entry ${first + at} than the tree` };
  if (at !== undefined) return { file, entry: first + at, problem: `ends within entry ${first + at}` };
  if (rest === 0) return undefined;
  const last = first + hashes.length - 1;
  return { file, entry: last, problem: `has ${rest} bytes behind entry ${last}, its last` };
}

/** Where a tile's bytes first are others than its hashes. */
export function compareTile(
  file: string,
  bytes: Buffer,
  tile: { readonly hashes: readonly Buffer[]; readonly level: number; readonly index: number },
): LogFinding | undefined {
  const { hashes, level, index } = tile;
  const at = firstDifference(readTileHashes(bytes, hashes.length), hashes);
  const from = (index * tileWidth + (at ?? 0)) * spanOf(level);
  if (at !== undefined) return { file, entry: from, problem: describeHash(from, level) };
  const expected = hashes.length * hashSize;
  if (bytes.length === expected) return undefined;
  return { file, entry: from, problem: `has ${bytes.length} bytes, expected ${expected}` };
}

/** Of the first that is missing too. */
export function firstDifference(found: readonly Buffer[], expected: readonly Buffer[]): number | undefined {
  const at = expected.findIndex((hash, index) => found[index]?.equals(hash) !== true);
  return at < 0 ? undefined : at;
}

function describeHash(from: number, level: number): string {
  if (level === 0) return `has another hash of entry ${from} than the entry`;
  return `has another hash of the entries ${from} to ${from + spanOf(level) - 1} than they give`;
}
