import { hash } from "node:crypto";
import { maxEntrySize } from "./entry-bundle.ts";

/** Bytes of a hash. */
export const hashSize = 32;

/** Both are used again and again: what is in them is hashed at once, and nothing else runs meanwhile. The first byte says which it is. */
const leafInput = Buffer.alloc(1 + maxEntrySize, 0);
const nodeInput = Buffer.alloc(1 + 2 * hashSize, 1);

/** RFC 6962, section 2.1: leaves and nodes are hashed with different first bytes, so that no node can be passed off as an entry. */
export function hashLeaf(entry: Uint8Array): Buffer {
  // What a stranger shows as an entry may be longer than one can be.
  const input = entry.length < leafInput.length ? leafInput : Buffer.alloc(1 + entry.length);
  input.set(entry, 1);
  return sha256(input.subarray(0, 1 + entry.length));
}

export function hashNode(left: Uint8Array, right: Uint8Array): Buffer {
  nodeInput.set(left, 1);
  nodeInput.set(right, 1 + hashSize);
  return sha256(nodeInput);
}

/** The tree head of a log without entries. */
export const emptyRoot: Buffer = sha256(Buffer.alloc(0));

/** The largest power of two below `size`, which is 2 or more: where RFC 6962 divides a tree. */
export function splitPoint(size: number): number {
  let half = 1;
  // No bit operations: sizes may be larger than 32 bits.
  while (half * 2 < size) half *= 2;
  return half;
}

/** As bytes of a text, which are then copied to a buffer of the pool: three times as fast as a buffer of its own for each hash, which the garbage collector must look after one by one. */
function sha256(bytes: Buffer): Buffer {
  return Buffer.from(hash("sha256", bytes, "binary"), "latin1");
}
