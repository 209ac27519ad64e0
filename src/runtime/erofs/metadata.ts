import { encodeDirectory, type Dirent } from "./directory.ts";
import { alignUp, blockSize, inodeSize, slotSize } from "./format.ts";
import { encodeInode } from "./inode.ts";
import type { ErofsDirectory, ErofsNode } from "./node.ts";
import { encodeXattrs } from "./xattr.ts";

type Placed = {
  readonly node: ErofsNode;
  readonly parent: ErofsDirectory;
  readonly number: number;
  readonly xattrs: Buffer;
  /** Bytes of data that stand beside the inode. */
  readonly inlineSize: number;
  offset: number;
  links: number;
};

export type Metadata = { readonly bytes: Buffer; readonly rootSlot: number; readonly inodes: number };

/**
 * All inodes and directories of a tree. `storeBlocks` keeps a directory too large to stand beside its inode, and returns its first block.
 * The root comes first: its address has only 16 bits in the superblock.
 */
export function encodeMetadata(root: ErofsDirectory, storeBlocks: (data: Buffer) => number): Metadata {
  const placed = collect(root);
  const size = assignOffsets([...placed.values()]);
  const bytes = Buffer.alloc(alignUp(size, blockSize));
  const slot = (node: ErofsNode): number => (placed.get(node) as Placed).offset / slotSize;
  for (const place of placed.values()) {
    const data = dataOf(place.node, place.parent, slot);
    const firstBlock = firstBlockOf(place, data, storeBlocks);
    const inode = encodeInode(place.node, { ...place, size: sizeOf(place.node, data), firstBlock });
    inode.copy(bytes, place.offset);
    place.xattrs.copy(bytes, place.offset + inodeSize);
    if (firstBlock === undefined) data?.copy(bytes, place.offset + inodeSize + place.xattrs.length);
  }
  return { bytes, rootSlot: slot(root), inodes: placed.size };
}

/** Every inode once, in the order of a walk by name, so that the same tree always gives the same bytes. */
function collect(root: ErofsDirectory): Map<ErofsNode, Placed> {
  const placed = new Map<ErofsNode, Placed>();
  const visit = (node: ErofsNode, parent: ErofsDirectory): void => {
    const known = placed.get(node);
    if (known !== undefined) {
      known.links += 1;
      return;
    }
    const xattrs = encodeXattrs(node.xattrs);
    const inlineSize = inlineSizeOf(node, parent, blockSize - inodeSize - xattrs.length);
    placed.set(node, { node, parent, number: placed.size + 1, xattrs, inlineSize, offset: 0, links: 1 });
    if (node.type !== "directory") return;
    for (const name of [...node.children.keys()].toSorted()) visit(node.children.get(name) as ErofsNode, node);
  };
  visit(root, root);
  for (const place of placed.values()) if (place.node.type === "directory") place.links = 2 + countFolders(place.node);
  return placed;
}

function countFolders(directory: ErofsDirectory): number {
  return [...directory.children.values()].filter((child) => child.type === "directory").length;
}

function inlineSizeOf(node: ErofsNode, parent: ErofsDirectory, room: number): number {
  const size = dataOf(node, parent, () => 0)?.length ?? 0;
  return size <= room ? size : 0;
}

/** Data beside an inode must not cross a block (fs/erofs/data.c); keeping the whole inode in one block also saves a read. */
function assignOffsets(places: readonly Placed[]): number {
  let offset = slotSize;
  for (const place of places) {
    const size = inodeSize + place.xattrs.length + place.inlineSize;
    const roomLeft = blockSize - (offset % blockSize);
    if (size > roomLeft) offset = alignUp(offset, blockSize);
    place.offset = offset;
    offset = alignUp(offset + size, slotSize);
  }
  return offset;
}

/** The data of an inode that is not in blocks yet. The size of a directory's does not depend on what `slot` says. */
function dataOf(node: ErofsNode, parent: ErofsDirectory, slot: (node: ErofsNode) => number): Buffer | undefined {
  if (node.type === "symlink") return Buffer.from(node.target);
  if (node.type === "file") return node.data.kind === "inline" ? node.data.bytes : undefined;
  if (node.type !== "directory") return undefined;
  const entries: Dirent[] = [
    { name: Buffer.from("."), inode: slot(node), type: "directory" },
    { name: Buffer.from(".."), inode: slot(parent), type: "directory" },
  ];
  for (const [name, child] of node.children) {
    entries.push({ name: Buffer.from(name), inode: slot(child), type: child.type });
  }
  return encodeDirectory(entries);
}

function firstBlockOf(
  place: Placed,
  data: Buffer | undefined,
  storeBlocks: (data: Buffer) => number,
): number | undefined {
  const { node } = place;
  if (node.type === "file" && node.data.kind === "blocks") return node.data.firstBlock;
  if (data === undefined || data.length === place.inlineSize) return undefined;
  return storeBlocks(data);
}

function sizeOf(node: ErofsNode, data: Buffer | undefined): number {
  if (node.type === "file" && node.data.kind === "blocks") return node.data.size;
  return data?.length ?? 0;
}
