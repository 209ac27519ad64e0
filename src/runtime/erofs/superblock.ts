import { blockSize, magic, superblockOffset } from "./format.ts";

export type Superblock = {
  readonly rootSlot: number;
  readonly inodes: number;
  readonly blocks: number;
  /** The block where slot 0 of the metadata is. */
  readonly metadataBlock: number;
};

/**
 * The first block of an image. No time, no UUID and no label: the same content must give the same bytes. No checksum either: the whole
 * file's SHA-256 is kept beside it.
 */
export function encodeSuperblock(fields: Superblock): Buffer {
  const block = Buffer.alloc(blockSize);
  const superblock = block.subarray(superblockOffset);
  superblock.writeUInt32LE(magic, 0);
  superblock.writeUInt8(Math.log2(blockSize), 12);
  superblock.writeUInt16LE(fields.rootSlot, 14);
  superblock.writeBigUInt64LE(BigInt(fields.inodes), 16);
  superblock.writeUInt32LE(fields.blocks, 36);
  superblock.writeUInt32LE(fields.metadataBlock, 40);
  return block;
}
