import { closeSync, constants, openSync } from "node:fs";
import { unlessGone } from "../../../runtime/look/open-inside.ts";

/** O_PATH of linux/fcntl.h: a place in the tree, without opening what is there (a pipe would wait). */
const pathOnly = 0o10000000;

/**
 * Calls `use` with an open place of a folder that is open itself, by its bytes: names need not be UTF-8, and one that cannot be written as text must not be one that is never looked at. Links are not followed.
 */
export function useChild<T>(folder: number, name: Buffer, use: (place: number) => T): T | undefined {
  const path = Buffer.concat([Buffer.from(`/proc/self/fd/${folder}/`), name]);
  const place = unlessGone(() => openSync(path, pathOnly | constants.O_NOFOLLOW));
  if (place === undefined) return undefined;
  try {
    return use(place);
  } finally {
    closeSync(place);
  }
}

/** A second descriptor of an open folder, that outlives the first. */
export function keepOpen(place: number): number | undefined {
  return unlessGone(() => openSync(`/proc/self/fd/${place}`, pathOnly | constants.O_DIRECTORY));
}
