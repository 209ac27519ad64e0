import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isErrno } from "../../ground/error.ts";
import { damaged } from "./damage.ts";
import { parseEntries } from "./entry-bundle.ts";
import { hashSize } from "./merkle.ts";
import { tilePath, tileWidth, type TileName } from "./tile-path.ts";

/** The first `width` hashes of a tile, one behind the other. Throws `log-damaged`. */
export function readTile(folder: string, name: TileName): Buffer {
  const { path, bytes } = readWidest(folder, name);
  const size = name.width * hashSize;
  if (bytes.length !== size && bytes.length !== tileWidth * hashSize)
    throw damaged(path, `has ${bytes.length} bytes, and a tile of ${name.width} hashes has ${size}`);
  return bytes.subarray(0, size);
}

/** The same, one by one. */
export function readHashes(folder: string, name: TileName): readonly Buffer[] {
  const bytes = readTile(folder, name);
  return Array.from({ length: name.width }, (_, at) => bytes.subarray(at * hashSize, (at + 1) * hashSize));
}

/** The first `width` entries of a bundle, and the file that they are from. Throws `log-damaged`. */
export function readBundle(folder: string, index: number, width: number): { path: string; entries: readonly Buffer[] } {
  const { path, bytes, isPartial } = readWidest(folder, { level: "entries", index, width });
  const { entries, rest } = parseEntries(bytes, width);
  if (entries.length !== width) throw damaged(path, `ends within entry ${index * tileWidth + entries.length}`);
  if (rest > 0 && (isPartial || width === tileWidth)) throw damaged(path, `has ${rest} bytes behind its last entry`);
  return { path, entries };
}

/** A partial tile is removed as soon as the full one is there: who reads beside a living log finds the one or the other. */
function readWidest(folder: string, name: TileName): { path: string; bytes: Buffer; isPartial: boolean } {
  const isPartial = name.width < tileWidth;
  const path = join(folder, tilePath(name));
  try {
    return { path, bytes: readFileSync(path), isPartial };
  } catch (error) {
    if (!isErrno(error, "ENOENT")) throw error;
  }
  const full = join(folder, tilePath({ ...name, width: tileWidth }));
  try {
    return { path: full, bytes: readFileSync(full), isPartial: false };
  } catch (cause) {
    if (!isErrno(cause, "ENOENT")) throw cause;
    throw damaged(path, "is missing", cause);
  }
}
