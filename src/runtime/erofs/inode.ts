import { inodeSize, typeBits } from "./format.ts";
import type { ErofsNode } from "./node.ts";
import { xattrCount } from "./xattr.ts";

export type InodePlace = {
  readonly number: number;
  readonly links: number;
  readonly size: number;
  readonly xattrs: Buffer;
  /** First block of the data, when the data is in blocks. */
  readonly firstBlock: number | undefined;
};

const extended = 1;
const flatPlain = 0;
const flatInline = 2;

/** An extended inode (`struct erofs_inode_extended`), without what follows it. */
export function encodeInode(node: ErofsNode, place: InodePlace): Buffer {
  const isInline = place.firstBlock === undefined && place.size > 0;
  const inode = Buffer.alloc(inodeSize);
  inode.writeUInt16LE(extended | ((isInline ? flatInline : flatPlain) << 1), 0);
  inode.writeUInt16LE(xattrCount(place.xattrs), 2);
  inode.writeUInt16LE(typeBits[node.type].mode | node.mode, 4);
  inode.writeBigUInt64LE(BigInt(place.size), 8);
  inode.writeUInt32LE(locationOf(node, place), 16);
  inode.writeUInt32LE(place.number, 20);
  inode.writeUInt32LE(node.uid, 24);
  inode.writeUInt32LE(node.gid, 28);
  inode.writeBigInt64LE(BigInt(node.mtime), 32);
  inode.writeUInt32LE(place.links, 44);
  return inode;
}

function locationOf(node: ErofsNode, place: InodePlace): number {
  if (node.type !== "character" && node.type !== "block") return place.firstBlock ?? 0xffffffff;
  const { major, minor } = node.device;
  // new_encode_dev() of the kernel.
  return ((minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12)) >>> 0;
}
