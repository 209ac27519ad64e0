import { encodeEntries } from "./entry-bundle.ts";
import type { GrowingTree } from "./growing-tree.ts";
import { hashLeaf } from "./merkle.ts";
import { partialFolder, spanOf, tilePath, tileWidth, type TileLevel } from "./tile-path.ts";

/** Where a log grows: its tree, and the entries of the bundle that is not full yet. Never changed: a batch makes a new one. */
export type Edge = { readonly tree: GrowingTree; readonly bundle: readonly Uint8Array[] };

export type TileFile = { readonly path: string; readonly bytes: Uint8Array };

/** What a batch of entries makes of a log. */
export type BatchPlan = {
  readonly edge: Edge;
  /** To be durable before a checkpoint of the new size is published. */
  readonly files: readonly TileFile[];
  /** Folders of partial tiles that have become full; to be removed afterwards. */
  readonly superseded: readonly string[];
};

export function planBatch(edge: Edge, entries: readonly Uint8Array[]): BatchPlan {
  const tree = edge.tree.copy();
  let bundle = [...edge.bundle];
  const files: TileFile[] = [];
  const superseded: string[] = [];
  const addFull = (level: TileLevel, index: number, bytes: Uint8Array): void => {
    files.push({ path: tilePath({ level, index, width: tileWidth }), bytes });
    superseded.push(partialFolder(level, index));
  };
  for (const entry of entries) {
    bundle.push(entry);
    for (const { level, index, hashes } of tree.append(hashLeaf(entry))) {
      addFull(level, index, Buffer.concat(hashes));
      if (level !== 0) continue;
      addFull("entries", index, encodeEntries(bundle));
      bundle = [];
    }
  }
  files.push(...partialTiles(edge.tree.size, tree));
  if (bundle.length > 0) files.push(partialFile("entries", tree.size, encodeEntries(bundle)));
  return { edge: { tree, bundle }, files, superseded };
}

/** Of each level that got a hash. */
function partialTiles(before: number, tree: GrowingTree): readonly TileFile[] {
  return Array.from({ length: tree.levels }, (_, level) => level)
    .filter((level) => tree.edge(level).length > 0)
    .filter((level) => Math.floor(before / spanOf(level)) !== Math.floor(tree.size / spanOf(level)))
    .map((level) => partialFile(level, tree.size, Buffer.concat(tree.edge(level))));
}

function partialFile(level: TileLevel, size: number, bytes: Uint8Array): TileFile {
  const hashes = Math.floor(size / spanOf(level));
  return { path: tilePath({ level, index: Math.floor(hashes / tileWidth), width: hashes % tileWidth }), bytes };
}
