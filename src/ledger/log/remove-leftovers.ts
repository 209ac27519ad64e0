import { readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { isErrno } from "../../ground/error.ts";
import { parseTilePath, spanOf, tilePath, tileWidth, widthIn, type TileLevel } from "./tile-path.ts";
import { syncFolder } from "./write-tiles.ts";

/**
 * Removes the tiles of a batch that a crash or a full disk cut off before its checkpoint. They mean nothing now, but a log that grows past them with other entries would have them among its
 * former partial tiles, where they would look like forgery. Nothing else is touched: `size` is that of the newest checkpoint, also one that is only offered to witnesses.
 */
export async function removeLeftovers(folder: string, size: number): Promise<void> {
  const leftovers = levelsBeyond(size).flatMap((level) => findBeyond(folder, level, size));
  for (const path of leftovers) rmSync(join(folder, path), { force: true });
  for (const parent of new Set(leftovers.map(dirname))) await syncFolder(join(folder, parent));
}

/** Those of the tree, and those that a batch may have begun. */
function levelsBeyond(size: number): readonly TileLevel[] {
  const levels: TileLevel[] = ["entries", 0];
  for (let level = 1; spanOf(level - 1) <= size + mostInBatch; level += 1) levels.push(level);
  return levels;
}

/** Entries, each of some bytes: a batch has 8 MiB. */
const mostInBatch = 1 << 20;
/** Tiles in one folder (C2SP tlog-tiles: three digits each). */
const siblings = 1000;

function findBeyond(folder: string, level: TileLevel, size: number): readonly string[] {
  const edge = Math.floor(size / spanOf((level === "entries" ? 0 : level) + 1));
  const parents = new Set<string>();
  for (let index = edge; index <= edge + mostInBatch / tileWidth + siblings; index += siblings) {
    parents.add(dirname(tilePath({ level, index, width: tileWidth })));
  }
  return [...parents]
    .flatMap((parent) => tilesIn(folder, parent))
    .filter((path) => {
      const name = parseTilePath(path);
      return name !== undefined && name.width > widthIn(size, name.level, name.index);
    });
}

function tilesIn(folder: string, parent: string): readonly string[] {
  return list(folder, parent).flatMap((name) =>
    name.endsWith(".p")
      ? list(folder, join(parent, name)).map((width) => join(parent, name, width))
      : [join(parent, name)],
  );
}

function list(folder: string, path: string): readonly string[] {
  try {
    return readdirSync(join(folder, path));
  } catch (error) {
    if (isErrno(error, "ENOENT") || isErrno(error, "ENOTDIR")) return [];
    throw error;
  }
}
