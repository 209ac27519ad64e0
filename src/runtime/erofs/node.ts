/** Where a file's bytes are: whole blocks of the image, or beside its inode when they are few. */
export type Extent =
  | { readonly kind: "blocks"; readonly firstBlock: number; readonly size: number }
  | { readonly kind: "inline"; readonly bytes: Buffer };

type Common = {
  /** Permission bits only, 0 to 0o7777. */
  mode: number;
  uid: number;
  gid: number;
  /** Whole seconds since 1970. */
  mtime: number;
  xattrs: ReadonlyMap<string, Buffer>;
};

/** One inode. Hard links are the same object under several names. */
export type ErofsNode = Common &
  (
    | { readonly type: "directory"; readonly children: Map<string, ErofsNode> }
    | { readonly type: "file"; readonly data: Extent }
    | { readonly type: "symlink"; readonly target: string }
    | { readonly type: "character" | "block"; readonly device: { readonly major: number; readonly minor: number } }
    | { readonly type: "fifo" }
  );

export type ErofsDirectory = Extract<ErofsNode, { type: "directory" }>;
