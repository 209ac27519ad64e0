/** Numbers of the EROFS on-disk format (fs/erofs/erofs_fs.h). */
export const blockSize = 4096;
export const superblockOffset = 1024;
export const magic = 0xe0f5e1e2;
/** The extended inode: 32-bit owners, a modification time of its own. */
export const inodeSize = 64;
/** Inodes are addressed in units of 32 bytes from the start of the metadata. */
export const slotSize = 32;
export const direntSize = 12;

/** File type bits of `i_mode` (inode(7)) and the type byte of a directory entry (DT_* is not used on disk: FT_* is). */
export const typeBits = {
  file: { mode: 0o100000, dirent: 1 },
  directory: { mode: 0o040000, dirent: 2 },
  character: { mode: 0o020000, dirent: 3 },
  block: { mode: 0o060000, dirent: 4 },
  fifo: { mode: 0o010000, dirent: 5 },
  symlink: { mode: 0o120000, dirent: 7 },
} as const;

export function blocksOf(size: number): number {
  return Math.ceil(size / blockSize);
}

export function alignUp(offset: number, unit: number): number {
  return Math.ceil(offset / unit) * unit;
}
