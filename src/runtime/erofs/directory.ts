import { blockSize, direntSize, typeBits } from "./format.ts";
import type { ErofsNode } from "./node.ts";

export type Dirent = { readonly name: Buffer; readonly inode: number; readonly type: ErofsNode["type"] };

/**
 * A directory's data: blocks of entries, each followed by the names of that block. The kernel searches by halving, so names are in byte
 * order across all blocks, `.` and `..` among them. `inode` may be 0 when only the size is wanted.
 */
export function encodeDirectory(entries: readonly Dirent[]): Buffer {
  const blocks = fill(entries.toSorted((a, b) => Buffer.compare(a.name, b.name)));
  return Buffer.concat(
    blocks.map((block, index) => {
      const encoded = encodeBlock(block);
      const isLast = index === blocks.length - 1;
      return isLast ? encoded : Buffer.concat([encoded, Buffer.alloc(blockSize - encoded.length)]);
    }),
  );
}

function fill(sorted: readonly Dirent[]): Dirent[][] {
  const blocks: Dirent[][] = [];
  let used = blockSize;
  for (const entry of sorted) {
    const size = direntSize + entry.name.length;
    if (used + size > blockSize) {
      blocks.push([]);
      used = 0;
    }
    blocks.at(-1)?.push(entry);
    used += size;
  }
  return blocks;
}

function encodeBlock(entries: readonly Dirent[]): Buffer {
  const heads = Buffer.alloc(entries.length * direntSize);
  let nameOffset = heads.length;
  for (const [index, { name, inode, type }] of entries.entries()) {
    const offset = index * direntSize;
    heads.writeBigUInt64LE(BigInt(inode), offset);
    heads.writeUInt16LE(nameOffset, offset + 8);
    heads.writeUInt8(typeBits[type].dirent, offset + 10);
    nameOffset += name.length;
  }
  return Buffer.concat([heads, ...entries.map((entry) => entry.name)]);
}
