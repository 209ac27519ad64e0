import { IngotError } from "../../ground/error.ts";
import type { MergedEntry } from "../../oci/layer/flatten-layers.ts";
import type { TarHeader } from "../../oci/tar/entry.ts";
import type { ErofsDirectory, ErofsNode, Extent } from "../erofs/node.ts";
import type { Mountpoints } from "./image-source.ts";

/** The inodes of a merged tree; `store` keeps a file's content and says where. */
export function contentTree(
  entries: ReadonlyMap<string, MergedEntry>,
  store: (entry: MergedEntry) => Extent,
): ErofsDirectory {
  const nodes = new Map<string, ErofsNode>([["", emptyFolder()]]);
  for (const [path, entry] of entries) {
    const unfit = whyUnfit(path, entry.header);
    if (unfit !== undefined) throw invalid(path, unfit);
    const node = entry.header.type === "hardlink" ? nodes.get(entry.header.linkname) : newNode(entry, store);
    if (node === undefined) throw invalid(path, `it is a hard link to ${entry.header.linkname}, which is missing`);
    nodes.set(path, node);
    if (path !== "") childrenOf(nodes, path).set(path.slice(path.lastIndexOf("/") + 1), node);
  }
  return nodes.get("") as ErofsDirectory;
}

/**
 * What Linux cannot hold, whatever the file system. A tar archive can, and one name that is too long would make the whole folder unreadable: the kernel takes it for
 * damage. Undefined when the entry is fit.
 */
function whyUnfit(path: string, { uid, gid, xattrs }: TarHeader): string | undefined {
  if (Buffer.byteLength(path.slice(path.lastIndexOf("/") + 1)) > 255) return "its name is longer than 255 bytes";
  if ([uid, gid].some((id) => id < 0 || id > 0xffffffff)) return `its owner is ${uid}:${gid}`;
  for (const [name, value] of xattrs) {
    if (Buffer.byteLength(name) > 255) return "the name of one of its attributes is longer than 255 bytes";
    if (value.length > 65_535) return `its attribute ${name} is longer than 65535 bytes`;
  }
  const all = [...xattrs].reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + value.length, 0);
  return all > 200_000 ? `its attributes have ${all} bytes` : undefined;
}

/**
 * Adds what is missing to mount on: a read-only root can get no mountpoint later. Where something else is in the way, such as a symbolic link,
 * it stays, and the profile leaves that mount out or fails.
 */
export function addMountpoints(root: ErofsDirectory, mountpoints: Mountpoints): void {
  for (const path of mountpoints.folders) ensureFolder(root, path.split("/").filter(Boolean));
  for (const path of mountpoints.files) {
    const names = path.split("/").filter(Boolean);
    const name = names.pop() ?? "";
    const parent = ensureFolder(root, names);
    if (parent === undefined || parent.children.has(name)) continue;
    parent.children.set(name, emptyFile());
  }
}

function ensureFolder(root: ErofsDirectory, names: readonly string[]): ErofsDirectory | undefined {
  let folder = root;
  for (const name of names) {
    const child = folder.children.get(name) ?? emptyFolder();
    if (child.type !== "directory") return undefined;
    folder.children.set(name, child);
    folder = child;
  }
  return folder;
}

function childrenOf(nodes: ReadonlyMap<string, ErofsNode>, path: string): Map<string, ErofsNode> {
  const parent = nodes.get(path.slice(0, Math.max(0, path.lastIndexOf("/"))));
  if (parent?.type !== "directory") throw invalid(path, "its folder is not a folder");
  return parent.children;
}

function newNode(entry: MergedEntry, store: (entry: MergedEntry) => Extent): ErofsNode {
  const { header } = entry;
  const common = commonOf(header);
  switch (header.type) {
    case "directory":
      return { ...common, type: "directory", children: new Map() };
    case "file":
      return { ...common, type: "file", data: store(entry) };
    case "symlink":
      return { ...common, type: "symlink", mode: 0o777, target: header.linkname };
    case "fifo":
      return { ...common, type: "fifo" };
    case "character":
    case "block":
      return { ...common, type: header.type, device: header.device ?? { major: 0, minor: 0 } };
    case "hardlink":
      throw invalid(header.path, "a hard link has no inode of its own");
  }
}

function commonOf({ mode, uid, gid, mtime, xattrs }: TarHeader) {
  return { mode, uid, gid, mtime, xattrs };
}

function emptyFolder(): ErofsDirectory {
  return { type: "directory", mode: 0o755, uid: 0, gid: 0, mtime: 0, xattrs: new Map(), children: new Map() };
}

function emptyFile(): ErofsNode {
  const data = { kind: "inline", bytes: Buffer.alloc(0) } as const;
  return { type: "file", mode: 0o644, uid: 0, gid: 0, mtime: 0, xattrs: new Map(), data };
}

function invalid(path: string, why: string): IngotError {
  return new IngotError("layer-invalid", `the image's ${path} cannot be used: ${why}`, {
    hint: "rebuild the image, or pull it again",
  });
}
