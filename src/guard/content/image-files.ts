import { lstatSync, statSync } from "node:fs";
import { join } from "node:path";
import { isErrno } from "../../ground/error.ts";
import { resolveInside } from "../../runtime/content/look-inside.ts";

/** A plain file or a folder that an image has. */
export type ImageFile = {
  readonly kind: "file" | "folder";
  /** Without links: `/usr/bin/dash` for `/bin/sh`. */
  readonly path: string;
  readonly device: number;
  readonly inode: number;
};

/** What is asked of an image's content: by path, links followed inside of it. */
export type ImageFiles = {
  /** Of the file system that its content is: files of an instance with another one are not the image's. */
  readonly device: number;
  readonly find: (path: string) => ImageFile | undefined;
};

/** Paths that are remembered. The kernel keeps the rest: a look into the mounted content costs some microseconds. */
const mostRemembered = 4096;

/** `root`: where the image's content is mounted read-only. One is shared by all instances of the image. */
export function openImageFiles(root: string): ImageFiles {
  const device = statSync(root).dev;
  const known = new Map<string, ImageFile | undefined>();
  return {
    device,
    find: (path) => {
      if (known.has(path)) return known.get(path);
      const found = lookUp(root, path);
      // Attack: a program that executes names which are not there, a million of them.
      if (known.size >= mostRemembered) known.clear();
      if (path.length < 1024) known.set(path, found);
      return found;
    },
  };
}

function lookUp(root: string, path: string): ImageFile | undefined {
  try {
    const real = path.includes("\0") ? undefined : resolveInside(root, path);
    const stats = real === undefined ? undefined : lstatSync(join(root, real));
    if (real === undefined || stats === undefined || !(stats.isFile() || stats.isDirectory())) return undefined;
    return { kind: stats.isFile() ? "file" : "folder", path: real, device: stats.dev, inode: stats.ino };
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "ENAMETOOLONG", "EINVAL"].some((code) => isErrno(error, code))) return undefined;
    throw error;
  }
}
