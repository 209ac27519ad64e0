import { hash } from "node:crypto";

/** RFC 6962, section 2.1: leaves and nodes are hashed with different first bytes, so that no node can be passed off as an entry. */
export function hashLeaf(entry: Uint8Array): Buffer {
  const input = Buffer.allocUnsafe(entry.length + 1);
  input[0] = leafPrefix;
  input.set(entry, 1);
  return hash("sha256", input, "buffer");
}

export function hashNode(left: Uint8Array, right: Uint8Array): Buffer {
  nodeInput.set(left, 1);
  nodeInput.set(right, 1 + hashSize);
  return hash("sha256", nodeInput, "buffer");
}

/** The tree head of a log without entries. */
export const emptyRoot: Buffer = hash("sha256", "", "buffer");

/** Bytes of a hash. */
export const hashSize = 32;

/** The largest power of two below `size`, which is 2 or more: where RFC 6962 divides a tree. */
export function splitPoint(size: number): number {
  let half = 1;
  // No bit operations: sizes may be larger than 32 bits.
  while (half * 2 < size) half *= 2;
  return half;
}

const leafPrefix = 0;
/** Reused: a node is hashed at once, and nothing else runs meanwhile. */
const nodeInput = Buffer.alloc(1 + 2 * hashSize, 1);
