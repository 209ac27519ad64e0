import { IngotError, isErrno } from "../../ground/error.ts";
import type { TarEntry } from "../../oci/tar/entry.ts";
import type { Package } from "../package.ts";
import type { DebFile } from "./deb-file.ts";
import { divertedPath, type Diversions } from "./diversions.ts";
import { takeOver } from "./file-owners.ts";
import { databaseName, infoEntries } from "./info-database.ts";
import type { StatOverrides } from "./stat-override.ts";
import type { Tree } from "./tree.ts";
import type { TriggerDatabase } from "./triggers.ts";

export type UnpackState = {
  readonly tree: Tree;
  readonly diversions: Diversions;
  readonly overrides: StatOverrides;
  readonly triggers: TriggerDatabase;
  /** Packages of this stage that are unpacked, by the name that dpkg's database gives them. */
  readonly installed: Map<string, Package>;
};

/** Writes dpkg's own files about a package. Returns what was written. */
export function unpackInfo(
  item: Package,
  { deb, entries }: { deb: DebFile; entries: readonly TarEntry[] },
  state: UnpackState,
): readonly TarEntry[] {
  const written = infoEntries(item, deb, entries).map((entry) => ({ ...entry, path: state.tree.place(entry.path) }));
  for (const entry of written) state.tree.add(entry.path, entry);
  return written;
}

/**
 * Writes a package's files into the tree: through the merged-/usr links, past diversions, with overridden owners. Returns the entries as they lie
 * in the tree, folders included; a file that another package keeps is left out.
 */
export function unpackFiles(item: Package, entries: readonly TarEntry[], state: UnpackState): readonly TarEntry[] {
  const owner = databaseName(item);
  const written: TarEntry[] = [];
  for (const entry of entries) {
    const placed = placeEntry(entry, item.name, state);
    if (!addEntry(placed, { logical: entry.path, item, state })) continue;
    written.push(placed);
    state.triggers.activate(entry.path, owner);
  }
  state.installed.set(owner, item);
  return written;
}

function placeEntry(entry: TarEntry, owner: string, { tree, diversions, overrides }: UnpackState): TarEntry {
  const path = tree.place(entry.type === "directory" ? entry.path : divertedPath(entry.path, owner, diversions));
  const override = overrides.get(entry.path);
  if (path === entry.path && override === undefined && entry.type !== "hardlink") return entry;
  const linkname =
    entry.type === "hardlink" ? tree.place(divertedPath(entry.linkname, owner, diversions)) : entry.linkname;
  return { ...entry, ...override, path, linkname };
}

/** False when the path stays as it is. */
function addEntry(entry: TarEntry, context: { logical: string; item: Package; state: UnpackState }): boolean {
  const { logical, item, state } = context;
  const { tree } = state;
  if (entry.type === "directory") return addFolder(entry, tree);
  try {
    tree.add(entry.path, entry);
    return true;
  } catch (error) {
    if (!isErrno(error, "EEXIST")) throw error;
  }
  if (tree.stat(entry.path)?.isDirectory()) {
    // A link never takes the place of a folder (dpkg's rule): what is in the folder would be lost.
    if (entry.type === "symlink") return false;
    throw new IngotError(
      "packages-share-file",
      `${item.name} ships the file /${logical}, which is a folder of another package`,
    );
  }
  if (takeOver(entry.path, item, { tree, installed: state.installed }) === "skip") return false;
  tree.remove(entry.path);
  tree.add(entry.path, entry);
  return true;
}

/** A link to a folder that stands where a folder is wanted stays: so the merged-/usr links survive. */
function addFolder(entry: TarEntry, tree: Tree): boolean {
  const before = entry.path === "" ? undefined : tree.stat(entry.path);
  if (before?.isSymbolicLink()) return false;
  tree.add(entry.path, entry);
  return true;
}
