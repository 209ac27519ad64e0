import type { LayerIndex, LayerIndexEntry } from "./cast-plan.ts";

/** The merged result of layers, lowest first: path → entry. Paths as in a tar header, without a leading slash. */
export type TreeView = ReadonlyMap<string, LayerIndexEntry>;

const whiteout = ".wh.";
const opaque = ".wh..wh..opq";

/** Applies layers one on the other, whiteouts included (image-spec layer.md, "Whiteouts"). */
export function mergeLayers(layers: readonly LayerIndex[]): TreeView {
  const view = new Map<string, LayerIndexEntry>();
  for (const layer of layers) {
    // A whiteout hides what lower layers have, never what its own layer brings: so all of them go first.
    const whiteouts = layer.filter((entry) => baseName(entry.path).startsWith(whiteout));
    for (const entry of whiteouts) applyWhiteout(view, entry.path);
    const hidden = new Set(whiteouts);
    for (const entry of layer) if (!hidden.has(entry)) place(view, entry);
  }
  return view;
}

function place(view: Map<string, LayerIndexEntry>, entry: LayerIndexEntry): void {
  const before = view.get(entry.path);
  if (before?.type === "directory" && entry.type !== "directory") removeBelow(view, entry.path);
  view.set(entry.path, entry);
}

function applyWhiteout(view: Map<string, LayerIndexEntry>, path: string): void {
  const folder = parentOf(path);
  if (baseName(path) === opaque) return removeBelow(view, folder);
  const target = joinPath(folder, baseName(path).slice(whiteout.length));
  view.delete(target);
  removeBelow(view, target);
}

function removeBelow(view: Map<string, LayerIndexEntry>, folder: string): void {
  const prefix = folder === "" ? "" : `${folder}/`;
  for (const path of view.keys()) if (path !== folder && path.startsWith(prefix)) view.delete(path);
}

export function parentOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "" : path.slice(0, slash);
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

export function joinPath(folder: string, name: string): string {
  return folder === "" ? name : `${folder}/${name}`;
}

/** As many links as the kernel follows before it says ELOOP. */
const mostLinks = 40;

/**
 * Where a path really is, with every symbolic link among its parents followed inside the image; the last part is not followed. `bin/x` becomes
 * `usr/bin/x` on a merged-/usr system. A link that climbs above the root stays at the root, as in a chroot.
 */
export function resolveParents(view: TreeView, path: string): string {
  let rest = path.split("/");
  let done: string[] = [];
  let links = 0;
  for (;;) {
    const [part, ...after] = rest;
    if (part === undefined || after.length === 0) break;
    rest = after;
    if (part === "" || part === ".") continue;
    if (part === "..") {
      done = done.slice(0, -1);
      continue;
    }
    const entry = view.get([...done, part].join("/"));
    if (entry?.type !== "symlink" || ++links > mostLinks) {
      done.push(part);
      continue;
    }
    if (entry.linkname.startsWith("/")) done = [];
    rest = [...entry.linkname.split("/"), ...rest];
  }
  return [...done, ...rest].join("/");
}
