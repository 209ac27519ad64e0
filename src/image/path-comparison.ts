import { hash } from "node:crypto";
import { readFileSync, readlinkSync, type Stats } from "node:fs";
import { readXattrs } from "../ground/extended-attributes.ts";
import type { TarEntryType } from "../oci/tar/entry.ts";
import type { LayerIndexEntry } from "../oci/layer/layer-index.ts";
import type { StageDiffInput } from "./stage-diff.ts";
import type { TreeView } from "../oci/layer/tree-view.ts";

/** Whether the next layer must say something of a path that is no folder: type, owner, times, names and, where it may differ, content. */
export function isChanged(
  path: string,
  stat: Stats,
  { names, input }: { names: ReadonlyMap<number, readonly string[]>; input: StageDiffInput },
): boolean {
  const before = input.view.get(path);
  const described = before?.type === "hardlink" ? input.view.get(before.linkname) : before;
  if (before === undefined || described === undefined || described.type !== typeOf(stat)) return true;
  if (!isSameOwner(described, stat) || described.mtime !== Math.floor(stat.mtimeMs / 1000)) return true;
  if (described.type === "file" && described.size !== stat.size) return true;
  if (!hasSameNames(path, before, names.get(stat.ino), input.view)) return true;
  return input.mayDiffer(path, stat) && !isSameContent(path, described, input.root);
}

/** Whether the layers link the same names to each other as the tree does. */
function hasSameNames(
  path: string,
  before: LayerIndexEntry,
  names: readonly string[] | undefined,
  view: TreeView,
): boolean {
  const first = before.type === "hardlink" ? before.linkname : path;
  if (names === undefined) return before.type !== "hardlink";
  return names.every(
    (name) => name === first || (view.get(name)?.type === "hardlink" && view.get(name)?.linkname === first),
  );
}

function isSameContent(path: string, before: LayerIndexEntry, root: string): boolean {
  const place = `${root}/${path}`;
  if (before.type === "symlink") return readlinkSync(place) === before.linkname;
  if (before.type !== "file") return true;
  if (before.sha256 !== hash("sha256", readFileSync(place), "hex")) return false;
  return isSameXattrs(before, { xattrs: readXattrs(place) });
}

export function isSameXattrs(
  before: LayerIndexEntry,
  { xattrs }: { readonly xattrs: ReadonlyMap<string, Buffer> },
): boolean {
  const known = before.xattrs ?? {};
  return (
    Object.keys(known).length === xattrs.size &&
    [...xattrs].every(([name, value]) => known[name] === value.toString("hex"))
  );
}

export function isSameOwner(before: { mode: number; uid: number; gid: number }, stat: Stats): boolean {
  const isLink = stat.isSymbolicLink();
  return before.uid === stat.uid && before.gid === stat.gid && (isLink || before.mode === (stat.mode & 0o7777));
}

export function typeOf(stat: Stats): Exclude<TarEntryType, "hardlink"> {
  if (stat.isFile()) return "file";
  if (stat.isSymbolicLink()) return "symlink";
  if (stat.isDirectory()) return "directory";
  if (stat.isFIFO()) return "fifo";
  return stat.isBlockDevice() ? "block" : "character";
}
