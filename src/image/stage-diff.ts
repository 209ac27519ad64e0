import { lutimesSync, readFileSync, readlinkSync, type Stats } from "node:fs";
import { readXattrs } from "../ground/extended-attributes.ts";
import type { TarEntry } from "../oci/tar/entry.ts";
import { headerOf } from "../oci/layer/layer-index.ts";
import { isChanged, isSameOwner, isSameXattrs, typeOf } from "./path-comparison.ts";
import type { ScannedPath } from "./scan-tree.ts";
import { parentOf, type TreeView } from "../oci/layer/tree-view.ts";

export type StageDiffInput = {
  /** Absolute path of the live tree. */
  readonly root: string;
  /** What all layers so far make together. */
  readonly view: TreeView;
  readonly scanned: readonly ScannedPath[];
  /** Whether the content of a path can have changed since the view's layer described it. */
  readonly mayDiffer: (path: string, stat: Stats) => boolean;
  /** Seconds. */
  readonly epoch: number;
  /** Milliseconds: when the cast began. Whatever is as young was made by it, also on a machine whose clock is before the epoch. */
  readonly started: number;
};

/**
 * What the next layer must hold so that all layers together are the live tree: new and changed paths, whiteouts for what is gone, and the folders above
 * them. Clamps times on the live tree as well, so that it stays equal to what the layers would restore.
 */
export function diffStage(input: StageDiffInput): readonly TarEntry[] {
  const live = new Map(input.scanned.map((item) => [item.path, item.stat]));
  const names = groupHardLinks(input.scanned);
  const changed = new Map<string, TarEntry>();
  for (const { path, stat } of input.scanned) {
    if (changed.has(path)) continue;
    if (stat.isDirectory()) addFolder(changed, path, stat, input);
    else if (isChanged(path, stat, { names, input })) addFile(changed, names.get(stat.ino) ?? [path], stat, input);
  }
  for (const path of input.view.keys()) if (!live.has(path)) addWhiteout(changed, path, { live, input });
  addParents(changed, live, input);
  return [...changed.values()];
}

/** Inode → its names in order, where there are several. */
function groupHardLinks(scanned: readonly ScannedPath[]): ReadonlyMap<number, readonly string[]> {
  const groups = new Map<number, string[]>();
  for (const { path, stat } of scanned) {
    if (stat.nlink < 2 || stat.isDirectory()) continue;
    const group = groups.get(stat.ino);
    if (group === undefined) groups.set(stat.ino, [path]);
    else group.push(path);
  }
  for (const group of groups.values()) group.sort();
  return groups;
}

function addFolder(changed: Map<string, TarEntry>, path: string, stat: Stats, input: StageDiffInput): void {
  const before = input.view.get(path);
  const entry = folderEntry(path, stat, input);
  setTimes(input, path, { stat, mtime: entry.mtime });
  if (before?.type === "directory" && isSameOwner(before, stat) && (path === "" || isSameXattrs(before, entry))) return;
  // Engines make the root by themselves; it needs an entry only when it is not as they make it.
  if (path === "" && before === undefined && isSameOwner({ mode: 0o755, uid: 0, gid: 0 }, stat)) return;
  changed.set(path, entry);
}

function folderEntry(path: string, stat: Stats, input: StageDiffInput): TarEntry {
  const before = input.view.get(path);
  const known = before === undefined ? new Map<string, Buffer>() : headerOf(before).xattrs;
  const xattrs = input.mayDiffer(path, stat) ? readXattrs(`${input.root}/${path}`) : known;
  return {
    ...owner(path, stat),
    type: "directory",
    mtime: before?.type === "directory" ? before.mtime : input.epoch,
    xattrs,
  };
}

/** A file and its other names. */
function addFile(changed: Map<string, TarEntry>, names: readonly string[], stat: Stats, input: StageDiffInput): void {
  const [first = "", ...others] = names;
  const place = `${input.root}/${first}`;
  const type = typeOf(stat);
  const mtime = clampTime(stat, input);
  setTimes(input, first, { stat, mtime });
  const content = type === "file" ? readFileSync(place) : Buffer.alloc(0);
  const linkname = type === "symlink" ? readlinkSync(place) : "";
  const device = type === "character" || type === "block" ? { device: deviceOf(stat) } : {};
  const xattrs = type === "file" ? readXattrs(place) : new Map<string, Buffer>();
  const entry: TarEntry = {
    ...owner(first, stat),
    ...device,
    type,
    mtime,
    xattrs,
    linkname,
    size: content.length,
    content,
  };
  changed.set(first, entry);
  for (const path of others)
    changed.set(path, { ...entry, path, type: "hardlink", linkname: first, size: 0, content: Buffer.alloc(0) });
}

function clampTime(stat: Stats, { epoch, started }: StageDiffInput): number {
  return stat.mtimeMs >= started ? epoch : Math.min(Math.floor(stat.mtimeMs / 1000), epoch);
}

function setTimes({ root }: StageDiffInput, path: string, { stat, mtime }: { stat: Stats; mtime: number }): void {
  if (stat.mtimeMs !== mtime * 1000) lutimesSync(`${root}/${path}`, mtime, mtime);
}

/** Only the top-most missing path: what was below it goes with it. */
function addWhiteout(
  changed: Map<string, TarEntry>,
  path: string,
  { live, input }: { live: ReadonlyMap<string, Stats>; input: StageDiffInput },
): void {
  const parent = parentOf(path);
  if (!live.get(parent)?.isDirectory()) return;
  const name = `.wh.${path.slice(parent === "" ? 0 : parent.length + 1)}`;
  const whiteout = parent === "" ? name : `${parent}/${name}`;
  const empty = { uid: 0, gid: 0, size: 0, linkname: "", xattrs: new Map(), content: Buffer.alloc(0) };
  changed.set(whiteout, { ...empty, path: whiteout, type: "file", mode: 0o644, mtime: input.epoch });
}

function addParents(changed: Map<string, TarEntry>, live: ReadonlyMap<string, Stats>, input: StageDiffInput): void {
  for (const path of changed.keys())
    for (let parent = parentOf(path); parent !== "" && !changed.has(parent); parent = parentOf(parent)) {
      const stat = live.get(parent);
      if (stat !== undefined) changed.set(parent, folderEntry(parent, stat, input));
    }
}

function owner(path: string, { mode, uid, gid }: Stats): Omit<TarEntry, "type" | "mtime"> {
  return { path, mode: mode & 0o7777, uid, gid, size: 0, linkname: "", xattrs: new Map(), content: Buffer.alloc(0) };
}

function deviceOf({ rdev }: Stats): { major: number; minor: number } {
  return { major: (rdev >> 8) & 0xfff, minor: (rdev & 0xff) | ((rdev >> 12) & 0xfff00) };
}
