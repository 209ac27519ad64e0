/** Level of a tile of hashes; entry bundles lie beside level 0. */
export type TileLevel = number | "entries";

/** A tile or entry bundle as C2SP tlog-tiles names it. `width`: 1 to 256, which is a full one. */
export type TileName = { readonly level: TileLevel; readonly index: number; readonly width: number };

/** Hashes in a full tile, entries in a full bundle. */
export const tileWidth = 256;

/** `tile/0/x001/x234/067`, `tile/entries/000.p/5`. */
export function tilePath({ level, index, width }: TileName): string {
  const path = `tile/${level}/${formatIndex(index)}`;
  return width === tileWidth ? path : `${path}.p/${width}`;
}

/** The folder of all partial tiles of one full one. */
export function partialFolder(level: TileLevel, index: number): string {
  return `tile/${level}/${formatIndex(index)}.p`;
}

/** Undefined for every path that `tilePath` does not give. */
export function parseTilePath(path: string): TileName | undefined {
  const match = pattern.exec(path);
  if (match === null) return undefined;
  const [, level = "", folders = "", last = "", width] = match;
  const name: TileName = {
    level: level === "entries" ? level : Number(level),
    index: Number(folders.replaceAll(/[x/]/g, "") + last),
    width: width === undefined ? tileWidth : Number(width),
  };
  // One name a tile: no leading zeroes, no index that has shorter folders.
  return tilePath(name) === path && name.width >= 1 ? name : undefined;
}

/** How wide the tile at `index` of a level is in a tree of `size` entries; 0 where there is none. */
export function widthIn(size: number, level: TileLevel, index: number): number {
  const hashes = Math.floor(size / spanOf(level));
  return Math.max(0, Math.min(tileWidth, hashes - index * tileWidth));
}

/** How many entries one hash of a level stands for. */
export function spanOf(level: TileLevel): number {
  return level === "entries" ? 1 : tileWidth ** level;
}

const pattern = /^tile\/(entries|[0-9]{1,2})\/((?:x[0-9]{3}\/){0,5})([0-9]{3})(?:\.p\/([0-9]{1,3}))?$/;

function formatIndex(index: number): string {
  const digits = String(index);
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, "0");
  return padded.replaceAll(/[0-9]{3}(?=[0-9])/g, "x$&/");
}
