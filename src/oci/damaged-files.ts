import { existsSync, renameSync } from "node:fs";
import { join } from "node:path";
import { IngotError } from "../ground/error.ts";
import { readMarker } from "./layout.ts";
import { readIndex } from "./layout/references.ts";

/** Paths of the two files of a layout that are not named by their content, where they are there and cannot be read. */
export function findDamagedFiles(folder: string): readonly string[] {
  const readers = { "oci-layout": readMarker, "index.json": readIndex };
  return Object.entries(readers)
    .filter(([name, read]) => existsSync(join(folder, name)) && !isReadable(folder, read))
    .map(([name]) => join(folder, name));
}

/** Renames a damaged file, so that the layout opens without it; whoever knows more may still read it. Returns its new path. */
export function setAside(path: string): string {
  const kept = `${path}.damaged`;
  renameSync(path, kept);
  return kept;
}

function isReadable(folder: string, read: (folder: string) => unknown): boolean {
  try {
    read(folder);
    return true;
  } catch (error) {
    if (error instanceof IngotError && error.code === "layout-unusable") return false;
    throw error;
  }
}
