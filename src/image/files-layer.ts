import { IngotError } from "../ground/error.ts";
import type { TarEntry } from "../oci/tar/entry.ts";
import { findGroup, findUser, type Accounts } from "./accounts.ts";
import type { LayerIndexEntry } from "../oci/layer/layer-index.ts";
import { headerOf } from "../oci/layer/layer-index.ts";
import type { SourceFile } from "./source-files.ts";
import { parentOf, resolveParents, type TreeView } from "../oci/layer/tree-view.ts";

export type FilesLayerInput = {
  /** The image's name, for messages. */
  readonly image: string;
  readonly files: readonly SourceFile[];
  /** The image so far. */
  readonly below: TreeView;
  readonly accounts: Accounts;
  /** Seconds since 1970, the time of every file: the host's own times differ from clone to clone. */
  readonly epoch: number;
};

/**
 * The entries of the layer that holds the person's own files, parents first. A parent folder keeps the mode and owner that the image gives it:
 * a layer that left it out would let the engine make it anew. Throws `file-conflict` and `account-unknown`.
 */
export function planFilesLayer(input: FilesLayerInput): readonly TarEntry[] {
  const entries = new Map<string, TarEntry>();
  for (const file of input.files) {
    const path = resolveParents(input.below, file.path);
    addParents(entries, path, input);
    checkConflict(file, input.below.get(path));
    entries.set(path, fileEntry(file, path, input));
  }
  return [...entries.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

function addParents(entries: Map<string, TarEntry>, path: string, input: FilesLayerInput): void {
  const parent = parentOf(path);
  if (parent === "" || entries.has(parent)) return;
  addParents(entries, parent, input);
  const known = input.below.get(parent);
  if (known && known.type !== "directory") {
    throw new IngotError("file-conflict", `/${path} cannot be placed: /${parent} is a ${known.type} in the image`, {
      hint: `choose another place for /${path}`,
    });
  }
  entries.set(parent, known ? existing(known) : folder(parent, input.epoch));
}

/** A folder as the image has it. */
function existing(entry: LayerIndexEntry): TarEntry {
  return { ...headerOf(entry), content: Buffer.alloc(0) };
}

const blank = { size: 0, linkname: "", xattrs: new Map<string, Buffer>(), content: Buffer.alloc(0) } as const;

function folder(path: string, epoch: number): TarEntry {
  return { ...blank, path, type: "directory", mode: 0o755, uid: 0, gid: 0, mtime: epoch };
}

function checkConflict(file: SourceFile, known: LayerIndexEntry | undefined): void {
  if (!known || (file.type === "directory") === (known.type === "directory")) return;
  throw new IngotError(
    "file-conflict",
    `/${file.path} is a ${known.type} in the image, and \`files\` would make it a ${file.type}`,
    { hint: "choose another place, or remove what is there in `run:`" },
  );
}

function fileEntry(file: SourceFile, path: string, input: FilesLayerInput): TarEntry {
  const use = { image: input.image, key: "files", path: `/${file.path}` } as const;
  const owner = {
    uid: findUser(input.accounts, file.owner, use).uid,
    gid: findGroup(input.accounts, file.group, use),
    mtime: input.epoch,
  };
  switch (file.type) {
    case "directory": {
      const known = input.below.get(path);
      return known ? existing(known) : { ...blank, ...owner, path, type: "directory", mode: file.mode };
    }
    case "symlink":
      return { ...blank, ...owner, path, type: "symlink", mode: file.mode, linkname: file.linkname };
    case "file":
      return {
        ...blank,
        ...owner,
        path,
        type: "file",
        mode: file.mode,
        size: file.content.length,
        content: file.content,
      };
  }
}
