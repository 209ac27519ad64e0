import { hashNode, hashSize } from "./merkle.ts";
import { readTile } from "./read-tile.ts";
import { Recent } from "./recent.ts";
import { tileWidth, widthIn } from "./tile-path.ts";

/** Reads the nodes of a tree of one size: those of perfect subtrees, of which every other hash is made. */
export type TreeReader = {
  readonly size: number;
  /** The root of the subtree of 2 ** `height` entries that begins at entry `index` * 2 ** `height`. */
  readonly node: (height: number, index: number) => Buffer;
};

/** Full tiles with all nodes within them, one behind the other; partial ones change too often to be kept. */
export type TileCache = Recent<Buffer>;

/** 16 KiB each. */
export function makeTileCache(): TileCache {
  return new Recent(1024);
}

/** The tree of `size` entries from the tiles on disk. */
export function treeReader(folder: string, size: number, cache: TileCache): TreeReader {
  const partial = new Map<string, Buffer>();
  const nodesOf = (level: number, index: number): Buffer => {
    const width = widthIn(size, level, index);
    const key = `${level}/${index}`;
    if (width === tileWidth) return cache.get(key, () => withNodesAbove(readTile(folder, { level, index, width })));
    const kept = partial.get(key) ?? readTile(folder, { level, index, width });
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

/** Nodes of a full tile: 256 hashes and all that follow from them, 128, 64, … 2, 1. */
const fullSize = (2 * tileWidth - 1) * hashSize;

/** One buffer a tile: half a million small ones would keep the garbage collector from all else. */
function withNodesAbove(hashes: Buffer): Buffer {
  const nodes = Buffer.allocUnsafeSlow(fullSize);
  nodes.set(hashes);
  let end = hashes.length;
  for (let left = 0; end < fullSize; left += 2 * hashSize) {
    nodes.set(hashNode(at(nodes, left), at(nodes, left + hashSize)), end);
    end += hashSize;
  }
  return nodes;
}

function nodeOf(nodes: Buffer, height: number, first: number): Buffer {
  // Where row `height` begins in a full tile: behind 256 + 128 + … hashes.
  if (nodes.length === fullSize)
    return at(nodes, (2 * tileWidth - 2 * (tileWidth >> height) + (first >> height)) * hashSize);
  if (height === 0) return at(nodes, first * hashSize);
  const half = 2 ** (height - 1);
  return hashNode(nodeOf(nodes, height - 1, first), nodeOf(nodes, height - 1, first + half));
}

/** The hash at a place, in bytes. */
function at(nodes: Buffer, place: number): Buffer {
  return nodes.subarray(place, place + hashSize);
}
