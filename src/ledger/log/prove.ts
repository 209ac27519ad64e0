import { hashNode, splitPoint } from "./merkle.ts";
import type { TreeReader } from "./tree-reader.ts";

/** The hashes beside the way from the leaf at `index` up to the root, lowest first (RFC 6962, section 2.1.1, PATH). */
export function proveInclusion(tree: TreeReader, index: number): readonly Buffer[] {
  const hashes: Buffer[] = [];
  let [begin, end] = [0, tree.size];
  while (end - begin > 1) {
    const middle = begin + splitPoint(end - begin);
    const isLeft = index < middle;
    hashes.push(isLeft ? rangeHash(tree, middle, end) : rangeHash(tree, begin, middle));
    [begin, end] = isLeft ? [begin, middle] : [middle, end];
  }
  return hashes.toReversed();
}

/** That the tree begins with the tree of `from` entries (RFC 6962, section 2.1.2, PROOF). Empty from 0, which needs none. */
export function proveConsistency(tree: TreeReader, from: number): readonly Buffer[] {
  if (from === 0) return [];
  const hashes: Buffer[] = [];
  let [begin, end] = [0, tree.size];
  while (end !== from) {
    const middle = begin + splitPoint(end - begin);
    const isLeft = from <= middle;
    hashes.push(isLeft ? rangeHash(tree, middle, end) : rangeHash(tree, begin, middle));
    [begin, end] = isLeft ? [begin, middle] : [middle, end];
  }
  // Who asks has the root of the whole earlier tree, but not that of a part of it.
  if (begin > 0) hashes.push(rangeHash(tree, begin, end));
  return hashes.toReversed();
}

/** The tree head of the first `size` entries. */
export function rootAt(tree: TreeReader, size: number): Buffer {
  return rangeHash(tree, 0, size);
}

/** MTH of the entries from `begin` to `end`, where `begin` is one that RFC 6962 divides at. */
function rangeHash(tree: TreeReader, begin: number, end: number): Buffer {
  const size = end - begin;
  const height = Math.log2(size);
  if (Number.isInteger(height)) return tree.node(height, begin / size);
  const middle = begin + splitPoint(size);
  return hashNode(rangeHash(tree, begin, middle), rangeHash(tree, middle, end));
}
