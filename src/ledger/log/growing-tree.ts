import { emptyRoot, hashNode } from "./merkle.ts";
import { spanOf, tileWidth } from "./tile-path.ts";

/** A tile that got its last hash. */
export type FullTile = { readonly level: number; readonly index: number; readonly hashes: readonly Buffer[] };

/**
 * The right edge of a Merkle tree: all that is needed to add entries and to know the root. Per tile level the hashes of the tile that is not full yet, and
 * the roots of the perfect subtrees that the tree is made of, the largest first.
 */
export class GrowingTree {
  #size = 0;
  readonly #peaks: Buffer[] = [];
  readonly #edges: Buffer[][] = [];

  get size(): number {
    return this.#size;
  }

  /** RFC 6962 tree head. */
  root(): Buffer {
    const [smallest = emptyRoot, ...larger] = this.#peaks.toReversed();
    return larger.reduce((right, left) => hashNode(left, right), smallest);
  }

  /** The hashes of the tile at the right edge of a level; empty where the last one is full. */
  edge(level: number): readonly Buffer[] {
    return this.#edges[level] ?? [];
  }

  /** How many levels have tiles. */
  get levels(): number {
    return this.#edges.length;
  }

  copy(): GrowingTree {
    const copy = new GrowingTree();
    copy.#size = this.#size;
    copy.#peaks.push(...this.#peaks);
    for (const edge of this.#edges) copy.#edges.push([...edge]);
    return copy;
  }

  /** Adds a leaf; returns the tiles that it made full, from the lowest level up. */
  append(leaf: Buffer): readonly FullTile[] {
    return this.appendSubtree(0, leaf);
  }

  /** Adds 256 ** `level` entries at once, by the root of their subtree; only where the tree's size is a multiple of that. */
  appendSubtree(level: number, root: Buffer): readonly FullTile[] {
    const full: FullTile[] = [];
    const span = spanOf(level);
    this.#addToTile(level, root, full);
    let node = root;
    let height = level * tileHeight;
    // One perfect subtree for each 1 in the size as a binary number; two of the same size become one.
    for (let rest = this.#size / span; rest % 2 === 1; rest = Math.floor(rest / 2)) {
      node = hashNode(this.#peaks.pop() ?? emptyRoot, node);
      height += 1;
      if (height % tileHeight === 0) this.#addToTile(height / tileHeight, node, full);
    }
    this.#peaks.push(node);
    this.#size += span;
    return full;
  }

  #addToTile(level: number, hash: Buffer, full: FullTile[]): void {
    // A tree that is restored may have a hash on a level before those below.
    while (this.#edges.length <= level) this.#edges.push([]);
    const edge = this.#edges[level] ?? [];
    edge.push(hash);
    if (edge.length < tileWidth) return;
    const index = Math.floor(this.#size / spanOf(level + 1));
    full.push({ level, index, hashes: edge.splice(0) });
  }
}

/** Levels of the tree that one tile spans. */
const tileHeight = 8;
