import { hashNode } from "./merkle.ts";
import { readHashes } from "./read-tile.ts";
import { Recent } from "./recent.ts";
import { tileWidth, widthIn } from "./tile-path.ts";

/** Reads the nodes of a tree of one size: those of perfect subtrees, of which every other hash is made. */
export type TreeReader = {
  readonly size: number;
  /** The root of the subtree of 2 ** `height` entries that begins at entry `index` * 2 ** `height`. */
  readonly node: (height: number, index: number) => Buffer;
};

/** Full tiles with all nodes within them; partial ones change too often to be kept. */
export type TileCache = Recent<readonly Buffer[]>;

/** 16 KiB each. */
export function makeTileCache(): TileCache {
  return new Recent(1024);
}

/** The tree of `size` entries from the tiles on disk. */
export function treeReader(folder: string, size: number, cache: TileCache): TreeReader {
  const partial = new Map<string, readonly Buffer[]>();
  const nodesOf = (level: number, index: number): readonly Buffer[] => {
    const width = widthIn(size, level, index);
    const key = `${level}/${index}`;
    if (width === tileWidth) return cache.get(key, () => nodesAbove(readHashes(folder, { level, index, width })));
    const kept = partial.get(key) ?? readHashes(folder, { level, index, width });
    partial.set(key, kept);
    return kept;
  };
  return {
    size,
    node: (height, index) => {
      const level = Math.floor(height / tileHeight);
      const within = height - level * tileHeight;
      const first = index * 2 ** within;
      const nodes = nodesOf(level, Math.floor(first / tileWidth));
      return nodeOf(nodes, within, first % tileWidth);
    },
  };
}

const tileHeight = 8;

/** The hashes of a full tile and all that follow from them: 256, 128, … 2, 1. */
function nodesAbove(hashes: readonly Buffer[]): readonly Buffer[] {
  const nodes = [...hashes];
  for (let left = 0; left + 1 < nodes.length; left += 2) nodes.push(pair(nodes, left));
  return nodes;
}

function nodeOf(nodes: readonly Buffer[], height: number, first: number): Buffer {
  // Where row `height` begins in a full tile: behind 256 + 128 + … hashes.
  if (nodes.length > tileWidth) return at(nodes, 2 * tileWidth - 2 * (tileWidth >> height) + (first >> height));
  let row = nodes.slice(first, first + 2 ** height);
  while (row.length > 1) row = Array.from({ length: row.length / 2 }, (_, index) => pair(row, 2 * index));
  return at(row, 0);
}

function pair(nodes: readonly Buffer[], left: number): Buffer {
  return hashNode(at(nodes, left), at(nodes, left + 1));
}

function at(nodes: readonly Buffer[], index: number): Buffer {
  const node = nodes[index];
  if (node === undefined) throw new RangeError(`no node ${index} among ${nodes.length}`);
  return node;
}
