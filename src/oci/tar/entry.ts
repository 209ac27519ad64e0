export type TarEntryType = "file" | "directory" | "symlink" | "hardlink" | "character" | "block" | "fifo";

/**
 * One entry of a tar archive, with everything that Ingot keeps of a file. `path` has no leading `/` or `./` and no trailing `/`; the root folder
 * is `""`. Owners are numbers: names of the building host mean nothing in an image.
 */
export type TarHeader = {
  readonly path: string;
  readonly type: TarEntryType;
  /** Permission bits only, 0 to 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Whole seconds since 1970. */
  readonly mtime: number;
  /** Bytes of content; 0 for anything but a file. */
  readonly size: number;
  /** Target of a symlink (as written) or hardlink (a `path`); "" otherwise. */
  readonly linkname: string;
  readonly device?: { readonly major: number; readonly minor: number };
  /** Extended attributes by full name, such as `security.capability`. */
  readonly xattrs: ReadonlyMap<string, Buffer>;
};

export type TarEntry = TarHeader & {
  /** A view into the archive's own bytes where it was read from a buffer. */
  readonly content: Buffer;
};
