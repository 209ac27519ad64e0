import {
  closeSync,
  constants,
  lstatSync,
  mkdirSync,
  openSync,
  readlinkSync,
  rmSync,
  writeFileSync,
  type Stats,
} from "node:fs";
import { IngotError, isErrno } from "../../ground/error.ts";
import { SystemCallError } from "../../ground/libc.ts";
import type { TarEntry, TarHeader } from "../../oci/tar/entry.ts";
import { entryWriters, setFolderMode, setXattrs } from "./entry-writers.ts";

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
      entryWriters[entry.type](this, real, entry);
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
        if (real === "") throw escapes([start, ...components].filter(Boolean).join("/"));
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

/** Neither a link's target nor a pipe's reader may decide where we write. */
const closedFlags = constants.O_NOFOLLOW | constants.O_NONBLOCK;

function escapes(path: string): IngotError {
  return new IngotError(
    "archive-escapes-root",
    `the parent folder ${JSON.stringify(path)} is a symbolic link that leaves the root`,
    {
      hint: "do not use this archive: such a link is made by mistake or as an attack",
    },
  );
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
