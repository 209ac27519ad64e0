import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  futimesSync,
  lchownSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  openSync,
  symlinkSync,
  writeSync,
} from "node:fs";
import { isErrno } from "../../ground/error.ts";
import { writeXattr } from "../../ground/extended-attributes.ts";
import { makeNode } from "../../ground/libc.ts";
import type { TarEntry, TarHeader } from "../../oci/tar/entry.ts";
import type { Tree } from "./tree.ts";

type Writer = (tree: Tree, real: string, entry: TarEntry) => void;

export const entryWriters: Readonly<Record<TarHeader["type"], Writer>> = {
  directory: writeFolder,
  file: writeRegular,
  symlink: (tree, real, entry) => {
    const path = tree.host(real);
    symlinkSync(entry.linkname, path);
    if (entry.uid !== 0 || entry.gid !== 0) lchownSync(path, entry.uid, entry.gid);
    lutimesSync(path, entry.mtime, entry.mtime);
    setXattrs(path, entry);
  },
  hardlink: (tree, real, entry) => linkSync(tree.host(tree.place(entry.linkname)), tree.host(real)),
  fifo: writeNode,
  character: writeNode,
  block: writeNode,
};

function writeFolder(tree: Tree, real: string, entry: TarEntry): void {
  if (real === "") return setFolderMode(tree.root, entry);
  const path = tree.host(real);
  try {
    mkdirSync(path, entry.mode);
  } catch (error) {
    if (isErrno(error, "EEXIST")) return;
    throw error;
  }
  if (entry.uid !== 0 || entry.gid !== 0 || entry.mode > 0o777) setFolderMode(path, entry);
  setXattrs(path, entry);
}

export function setFolderMode(path: string, entry: TarHeader): void {
  lchownSync(path, entry.uid, entry.gid);
  chmodSync(path, entry.mode);
}

const createNew = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

function writeRegular(tree: Tree, real: string, entry: TarEntry): void {
  const path = tree.host(real);
  // The worker's umask is 0, so the mode is right from the start; chown clears the set-user-id bit, so chmod comes after it.
  const file = openSync(path, createNew, entry.mode & 0o777);
  try {
    for (let at = 0; at < entry.size;) at += writeSync(file, entry.content, at);
    if (entry.uid !== 0 || entry.gid !== 0) fchownSync(file, entry.uid, entry.gid);
    if (entry.mode > 0o777) fchmodSync(file, entry.mode);
    futimesSync(file, entry.mtime, entry.mtime);
  } finally {
    closeSync(file);
  }
  setXattrs(path, entry);
}

function writeNode(tree: Tree, real: string, entry: TarEntry): void {
  const path = tree.host(real);
  const { major = 0, minor = 0 } = entry.device ?? {};
  // dev_t of glibc, for numbers below 4096 and 256.
  makeNode(path, nodeTypes[entry.type as keyof typeof nodeTypes] | entry.mode, BigInt((major << 8) | minor));
  lchownSync(path, entry.uid, entry.gid);
  chmodSync(path, entry.mode);
  lutimesSync(path, entry.mtime, entry.mtime);
}

const nodeTypes = { fifo: 0o010000, character: 0o020000, block: 0o060000 } as const;

export function setXattrs(path: string, entry: TarHeader): void {
  for (const [name, value] of entry.xattrs) writeXattr(path, name, value);
}
