import type { LayerIndex, LayerIndexEntry } from "./layer-index.ts";

/** The merged result of layers, lowest first: path → entry. Paths as in a tar header, without a leading slash. */
export type TreeView = ReadonlyMap<string, LayerIndexEntry>;

const whiteout = ".wh.";
const opaque = ".wh..wh..opq";

/** Applies the indexes of layers one on the other, without their content; whiteouts included (image-spec layer.md, "Whiteouts"). */
export function mergeLayers(layers: readonly LayerIndex[]): TreeView {
  const view = new Map<string, LayerIndexEntry>();
  for (const layer of layers) {
    // A whiteout hides what lower layers have, never what its own layer brings: so all of them go first.
    const whiteouts = new Set(layer.filter((entry) => baseName(entry.path).startsWith(whiteout)));
    const brought = layer.filter((entry) => !whiteouts.has(entry));
    removeHidden(view, [...whiteouts].map(hiddenBy).concat(replacedFolders(view, brought)));
    for (const entry of brought) place(view, entry);
  }
  return view;
}

/** What is taken away: everything below a path, and, unless it is an emptied folder, the path itself. */
type Hidden = { readonly path: string; readonly isEmptied: boolean };

function hiddenBy({ path }: LayerIndexEntry): Hidden {
  const folder = parentOf(path);
  if (baseName(path) === opaque) return { path: folder, isEmptied: true };
  return { path: joinPath(folder, baseName(path).slice(whiteout.length)), isEmptied: false };
}

/** Something else in the place of a folder hides what was in the folder. */
function replacedFolders(view: TreeView, brought: LayerIndex): readonly Hidden[] {
  const replacing = brought.filter(({ path, type }) => type !== "directory" && view.get(path)?.type === "directory");
  return replacing.map(({ path }) => ({ path, isEmptied: false }));
}

/** In one pass over the tree, however much is hidden: a hostile layer may hide a path a line. */
function removeHidden(view: Map<string, LayerIndexEntry>, hidden: readonly Hidden[]): void {
  if (hidden.length === 0) return;
  const paths = new Set(hidden.filter(({ isEmptied }) => !isEmptied).map(({ path }) => path));
  const above = new Map<string, boolean>(hidden.map(({ path }) => [path, true]));
  // Whether what lies in a folder goes: because of the folder, or of one above it.
  const isCleared = (folder: string): boolean => {
    const known = above.get(folder);
    if (known !== undefined || folder === "") return known ?? false;
    const cleared = isCleared(parentOf(folder));
    above.set(folder, cleared);
    return cleared;
  };
  for (const path of view.keys()) if (paths.has(path) || (path !== "" && isCleared(parentOf(path)))) view.delete(path);
}

function place(view: Map<string, LayerIndexEntry>, entry: LayerIndexEntry): void {
  // Of lower layers no folder is left in its place: this is a layer that brings a path twice.
  if (entry.type !== "directory" && view.get(entry.path)?.type === "directory")
    removeHidden(view, [{ path: entry.path, isEmptied: true }]);
  view.set(entry.path, entry);
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
