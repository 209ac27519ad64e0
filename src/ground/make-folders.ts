import { mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { isErrno } from "./error.ts";

/**
 * Makes a folder with all that are missing above it. Node's own recursive mkdir never ends below /proc, where making a folder says that its parent is not there
 * although it is. Throws Node's own system errors; `EEXIST` where something else stands in the place of a folder.
 */
export function makeFolders(path: string): void {
  try {
    makeOne(path);
  } catch (error) {
    const parent = dirname(path);
    if (!isErrno(error, "ENOENT") || parent === path) throw error;
    makeFolders(parent);
    makeOne(path);
  }
}

/** A folder that is there, perhaps made by another process just now, is as good. */
function makeOne(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    if (!isErrno(error, "EEXIST") || !statSync(path).isDirectory()) throw error;
  }
}
