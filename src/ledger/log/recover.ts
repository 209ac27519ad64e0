import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isErrno } from "../../ground/error.ts";
import { readCheckpoint } from "./checkpoint.ts";
import { damaged } from "./damage.ts";
import { GrowingTree } from "./growing-tree.ts";
import type { Checkpoint } from "./log.ts";
import { hashLeaf } from "./merkle.ts";
import type { Edge } from "./plan-batch.ts";
import { readBundle, readHashes } from "./read-tile.ts";
import { spanOf, tileWidth, widthIn } from "./tile-path.ts";
import type { VerifierKey } from "./verifier-key.ts";

/** The newest published checkpoint of a log's folder. */
export const checkpointFile = "checkpoint";

/** A checkpoint that witnesses were asked to cosign and that is not published: see `Cosign`. */
export const pendingFile = "checkpoint.pending";

/** Undefined where there is none. Throws `log-key-wrong`, `log-note-malformed`. */
export function findCheckpoint(
  folder: string,
  log: VerifierKey,
  name: string = checkpointFile,
): Checkpoint | undefined {
  const path = join(folder, name);
  try {
    return readCheckpoint(readFileSync(path), log, path);
  } catch (error) {
    if (isErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}

/**
 * Where the log of a checkpoint goes on, from its tiles. The checkpoint is what counts: tiles beyond it are what a crash left of a batch that nobody was told of.
 * Throws `log-damaged` where the tiles at the right edge do not give its root.
 */
export function restoreEdge(folder: string, { size, root }: Checkpoint): Edge {
  const tree = new GrowingTree();
  for (let level = levelsOf(size) - 1; level >= 0; level--) {
    const index = Math.floor(size / spanOf(level + 1));
    const width = widthIn(size, level, index);
    if (width === 0) continue;
    for (const hash of readHashes(folder, { level, index, width })) tree.appendSubtree(level, hash);
  }
  if (!tree.root().equals(root))
    throw damaged(join(folder, checkpointFile), `says a root for ${size} entries that the tiles do not give`);
  return { tree, bundle: restoreBundle(folder, tree) };
}

function restoreBundle(folder: string, tree: GrowingTree): readonly Buffer[] {
  const hashes = tree.edge(0);
  if (hashes.length === 0) return [];
  const index = Math.floor(tree.size / tileWidth);
  const { path, entries } = readBundle(folder, index, hashes.length);
  const wrong = entries.findIndex((entry, at) => hashes[at]?.equals(hashLeaf(entry)) !== true);
  if (wrong >= 0) throw damaged(path, `has another entry ${index * tileWidth + wrong} than the tree`);
  return entries;
}

/** Levels that have hashes in a tree of `size` entries. */
function levelsOf(size: number): number {
  let levels = 0;
  while (size >= spanOf(levels)) levels += 1;
  return levels;
}
