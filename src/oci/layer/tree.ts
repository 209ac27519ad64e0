import { IngotError } from "../../ground/error.ts";
import type { TarHeader } from "../tar/entry.ts";

/** A file of the merged tree. Names that are hard links of each other share one `TreeFile`. */
export type TreeFile = {
  readonly kind: "file";
  readonly header: TarHeader;
  /** Which layer's archive holds the content, and where. */
  readonly layer: number;
  readonly offset: number;
};

export type TreeFolder = {
  readonly kind: "folder";
  /** Changed when an upper layer gives the folder another owner or mode. */
  header: TarHeader;
  layer: number;
  readonly children: Map<string, TreeNode>;
};

export type TreeNode = TreeFile | TreeFolder;

/** A folder nobody described, as engines make it. */
export function newFolder(path: string, layer: number): TreeFolder {
  const header: TarHeader = {
    path,
    type: "directory",
    mode: 0o755,
    uid: 0,
    gid: 0,
    mtime: 0,
    size: 0,
    linkname: "",
    xattrs: new Map(),
  };
  return { kind: "folder", header, layer, children: new Map() };
}

/**
 * Walks a path from the root as the kernel would inside of a chroot: symlinks are followed, the last component's too unless `keepLast`;
 * absolute targets begin at the tree's root, and `..` of the root is the root. So a layer that makes `etc` a link to `/../../host` and
 * then writes `etc/passwd` reaches nothing outside. Undefined when something is missing; `make` creates missing folders.
 */
export function walk(
  root: TreeFolder,
  path: string,
  options: { keepLast?: boolean; make?: number } = {},
): TreeNode | undefined {
  const trail: TreeFolder[] = [root];
  const pending = path.split("/").toReversed();
  for (let links = 0; pending.length > 0;) {
    const name = pending.pop() ?? "";
    if (isNowhere(name)) continue;
    if (name === "..") {
      trail.splice(Math.max(1, trail.length - 1));
      continue;
    }
    const node = childOf(trail.at(-1) ?? root, name, options.make);
    const isLast = pending.length === 0;
    if (node === undefined || (isLast && options.keepLast)) return node;
    if (node.kind === "folder") trail.push(node);
    else if (node.header.type !== "symlink") return isLast ? node : undefined;
    else {
      // Two links at each other would be followed forever; the kernel stops at 40 too.
      if (++links > 40) throw tooManyLinks(path);
      if (node.header.linkname.startsWith("/")) trail.splice(1);
      pending.push(...node.header.linkname.split("/").toReversed());
    }
  }
  return trail.at(-1);
}

function isNowhere(name: string): boolean {
  return name === "" || name === ".";
}

function childOf(folder: TreeFolder, name: string, make: number | undefined): TreeNode | undefined {
  const child = folder.children.get(name);
  if (child !== undefined || make === undefined) return child;
  const created = newFolder("", make);
  folder.children.set(name, created);
  return created;
}

function tooManyLinks(path: string): IngotError {
  return new IngotError(
    "layer-malformed",
    `the layers make ${JSON.stringify(path)} a chain of too many symbolic links`,
    {
      hint: "do not use this image: no working system has such a path",
    },
  );
}
