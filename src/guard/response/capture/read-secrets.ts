import { useInside } from "../../../runtime/look/open-inside.ts";
import { namesIn, readPlace, statPlace, useChild } from "./open-below.ts";

/** The contents of an instance's secrets as they are in it, and which files they are (`device:inode`). Only to know them again: none is ever written. */
export type KnownSecrets = { readonly values: readonly Buffer[]; readonly files: ReadonlySet<string> };

const mostBytes = 1 << 20;
const mostFiles = 256;

/** `paths`: files, or folders of files. Links are followed inside of the instance only: one that leads out would make a file of the host known here. */
export function readSecrets(pid: number, paths: readonly string[]): KnownSecrets {
  const values: Buffer[] = [];
  const files = new Set<string>();
  const read = (place: number, depth: number): void => {
    const stats = statPlace(place);
    if (stats.isDirectory() && depth < 4) {
      for (const name of namesIn(place)) useChild(place, name, (child) => read(child, depth + 1));
    }
    if (!stats.isFile() || values.length >= mostFiles) return;
    files.add(`${stats.dev}:${stats.ino}`);
    const value = readPlace(place, Math.min(Number(stats.size), mostBytes));
    if (value !== undefined) values.push(value);
  };
  for (const path of paths) useInside(`/proc/${pid}/root`, path, (place) => read(place, 0));
  return { values, files };
}
