import { emptyRoot, hashNode, hashSize } from "./merkle.ts";

/** A tree at one size. */
export type TreeHead = { readonly size: number; readonly root: Uint8Array };

/** Where a leaf is said to be, and the hashes from it up. */
export type InclusionPath = { readonly index: number; readonly hashes: readonly Uint8Array[] };

/** Whether the entry with this leaf hash is at that index of that tree (RFC 9162, section 2.1.3.2, which says it for the trees of RFC 6962). */
export function verifyInclusion(leaf: Uint8Array, { index, hashes }: InclusionPath, head: TreeHead): boolean {
  if (!isSize(index) || !isSize(head.size) || index >= head.size) return false;
  const sides = climb({ at: index, last: head.size - 1 }, hashes);
  if (sides === undefined) return false;
  return isSame(foldUp(leaf, sides), head.root);
}

/** Whether the tree of `head` begins with all entries of the tree of `earlier`, in the same order (RFC 9162, section 2.1.4.2). */
export function verifyConsistency(earlier: TreeHead, head: TreeHead, hashes: readonly Uint8Array[]): boolean {
  if (!isSize(earlier.size) || !isSize(head.size) || earlier.size > head.size) return false;
  // Of nothing, and of the same tree, there is nothing to prove.
  const same = earlier.size === 0 ? emptyRoot : head.root;
  if (earlier.size === 0 || earlier.size === head.size) return hashes.length === 0 && isSame(earlier.root, same);
  let way: Way = { at: earlier.size - 1, last: head.size - 1 };
  while (way.at % 2 === 1) way = parentOf(way);
  // An earlier tree that is a perfect subtree needs no hash of its own.
  const [first, ...others] = way.at === 0 ? [earlier.root, ...hashes] : hashes;
  const sides = climb(way, others);
  if (first === undefined || first.length !== hashSize || sides === undefined) return false;
  // Only what stands on the left was there before.
  const old = foldUp(
    first,
    sides.filter(({ isLeft }) => isLeft),
  );
  return isSame(old, earlier.root) && isSame(foldUp(first, sides), head.root);
}

/** A node's place in its row, and the row's last place. */
type Way = { readonly at: number; readonly last: number };

type Side = { readonly hash: Uint8Array; readonly isLeft: boolean };

function foldUp(start: Uint8Array, sides: readonly Side[]): Uint8Array {
  return sides.reduce((node, { hash, isLeft }) => (isLeft ? hashNode(hash, node) : hashNode(node, hash)), start);
}

/** On which side each hash stands, on the way up to the root; undefined where they are too many, too few, or no hashes. */
function climb(start: Way, hashes: readonly Uint8Array[]): readonly Side[] | undefined {
  let way = start;
  const sides: Side[] = [];
  for (const hash of hashes) {
    if (way.last === 0 || hash.length !== hashSize) return undefined;
    const isLeft = way.at % 2 === 1 || way.at === way.last;
    sides.push({ hash, isLeft });
    way = isLeft ? parentOf(firstRightOf(way)) : parentOf(way);
  }
  return way.last === 0 ? sides : undefined;
}

/** A node without a right neighbour goes up unchanged until it is one itself, or the first of its row. */
function firstRightOf(start: Way): Way {
  let way = start;
  while (way.at % 2 === 0 && way.at !== 0) way = parentOf(way);
  return way;
}

function parentOf({ at, last }: Way): Way {
  return { at: Math.floor(at / 2), last: Math.floor(last / 2) };
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

function isSize(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
