import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  futimesSync,
  lchownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
  type Stats,
} from "node:fs";
import { IngotError, isErrno } from "../../ground/error.ts";
import { makeNode, SystemCallError, writeXattr } from "../../ground/libc.ts";
import type { TarEntry, TarHeader } from "../../oci/tar/entry.ts";

/**
 * A root file system that is being made, written from outside of it. Every parent of a path is resolved here, inside the tree, before the kernel
 * sees it: a symlink in an archive must never send the next entry to the host (CVE-2018-15664 and its kind). Nothing else may write to the tree
 * meanwhile: the sandbox kills all of a script's processes before it reports the script's end.
 */
export class Tree {
  /** Absolute path of the folder that is the image's `/`. */
  readonly root: string;
  readonly #realFolders = new Map<string, string>([["", ""]]);

  constructor(root: string) {
    this.root = root;
  }

  /** Scripts may have made links of folders: asks the file system again. */
  forgetFolders(): void {
    this.#realFolders.clear();
    this.#realFolders.set("", "");
  }

  /** Where `path` (no leading slash) really is: its parents' symlinks followed, its own not. */
  place(path: string): string {
    const slash = path.lastIndexOf("/");
    if (slash < 0) return path;
    const folder = path.slice(0, slash);
    const real = this.#realFolder(folder);
    const name = path.slice(slash + 1);
    if (real === folder) return path;
    return real === "" ? name : `${real}/${name}`;
  }

  /** Path for the host's kernel of a path that `place` gave. */
  host(real: string): string {
    return `${this.root}/${real}`;
  }

  stat(real: string): Stats | undefined {
    return lstatSync(this.host(real), { throwIfNoEntry: false });
  }

  /** Puts an entry at the path that `place` gave; what is there already must have been removed, but for a folder, which stays as it is. */
  add(real: string, entry: TarEntry): void {
    try {
      writers[entry.type](this, real, entry);
    } catch (error) {
      throw explain(error, real);
    }
  }

  /** Gives a folder that is there owner, mode and attributes. */
  setFolder(real: string, entry: TarHeader): void {
    setFolderMode(this.host(real), entry);
    setXattrs(this.host(real), entry);
  }

  /** Writes or appends to a small file, 0644, wherever its parents' links lead inside the tree; a link in its own place is refused. */
  writeText(path: string, text: string, options: { append?: boolean; mode?: number } = {}): void {
    const { append = false, mode = 0o644 } = options;
    const real = this.place(path);
    if (this.stat(real)?.isSymbolicLink()) throw escapes(path);
    try {
      // The flags are what stands between a script's clever link, or pipe, and the host's files.
      const change = append ? constants.O_APPEND : constants.O_TRUNC;
      const file = openSync(this.host(real), constants.O_WRONLY | constants.O_CREAT | closedFlags | change, mode);
      try {
        writeFileSync(file, text);
      } finally {
        closeSync(file);
      }
    } catch (error) {
      throw explain(error, path);
    }
  }

  /** Removes a path and all below it; the links of its parents are followed inside the tree, its own is not. */
  removePath(path: string): void {
    this.remove(this.place(path));
  }

  remove(real: string): void {
    rmSync(this.host(real), { recursive: true, force: true });
  }

  #realFolder(folder: string): string {
    const known = this.#realFolders.get(folder);
    if (known !== undefined) return known;
    const slash = folder.lastIndexOf("/");
    const parent = slash < 0 ? "" : this.#realFolder(folder.slice(0, slash));
    const real = this.#follow(parent, [folder.slice(slash + 1)]);
    this.#realFolders.set(folder, real);
    return real;
  }

  #follow(start: string, components: readonly string[]): string {
    let real = start;
    const rest = [...components];
    for (let links = 0; rest.length > 0;) {
      const name = rest.shift() ?? "";
      if (name === "" || name === ".") continue;
      if (name === "..") {
        if (real === "") throw escapes(components.join("/"));
        real = real.slice(0, Math.max(real.lastIndexOf("/"), 0));
        continue;
      }
      const next = real === "" ? name : `${real}/${name}`;
      const stat = this.stat(next);
      if (stat === undefined) mkdirSync(this.host(next), 0o755);
      if (!stat?.isSymbolicLink()) {
        real = next;
        continue;
      }
      if (++links > 40) throw escapes(next);
      const target = readlinkSync(this.host(next));
      if (target.startsWith("/")) real = "";
      rest.unshift(...target.split("/"));
    }
    return real;
  }
}

function escapes(path: string): IngotError {
  return new IngotError(
    "archive-escapes-root",
    `the parent folder ${JSON.stringify(path)} is a symbolic link that leaves the root`,
    {
      hint: "do not use this archive: such a link is made by mistake or as an attack",
    },
  );
}

type Writer = (tree: Tree, real: string, entry: TarEntry) => void;

const writers: Readonly<Record<TarHeader["type"], Writer>> = {
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

function setFolderMode(path: string, entry: TarHeader): void {
  lchownSync(path, entry.uid, entry.gid);
  chmodSync(path, entry.mode);
}

const closedFlags = constants.O_NOFOLLOW | constants.O_NONBLOCK;
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

function setXattrs(path: string, entry: TarHeader): void {
  for (const [name, value] of entry.xattrs) writeXattr(path, name, value);
}

function explain(error: unknown, real: string): unknown {
  if (isErrno(error, "ENOSPC") || isErrno(error, "EDQUOT")) {
    return new IngotError("disk-full", `no space is left to unpack /${real}`, {
      hint: "free space below $INGOT_HOME, or memory, then run the same command again; nothing was changed",
      cause: error,
    });
  }
  if (error instanceof SystemCallError) {
    return new IngotError("entry-unsupported", `/${real} cannot be made here: ${error.message}`, { cause: error });
  }
  return error;
}
