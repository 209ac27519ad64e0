import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { makeFolders } from "./make-folders.ts";

/**
 * Writes a file so that a reader, or a crash at any moment, sees the old content or the new, never a part. Creates the parent folders.
 * `durable: false` leaves out the fsyncs, for caches whose content is verified when read. Throws Node's own system errors.
 */
export function writeFileAtomic(
  path: string,
  data: string | Uint8Array,
  options: { mode?: number; durable?: boolean } = {},
): void {
  const folder = dirname(path);
  makeFolders(folder);
  const temporary = temporaryPath(path);
  try {
    const file = openSync(temporary, "wx", options.mode ?? 0o644);
    try {
      writeFileSync(file, data);
      if (options.durable !== false) fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  if (options.durable !== false) syncFolder(folder);
}

/** A name beside `path` that no other process picks; what a crash leaves of it is swept by `ingot gc`. */
export function temporaryPath(path: string): string {
  // A process in a pid namespace may share its number with one outside; node:crypto would cost every start 8 ms.
  return `${path}.${process.pid}-${Math.random().toString(36).slice(2, 12)}.tmp`;
}

/** Makes a rename in `folder` durable. */
export function syncFolder(folder: string): void {
  const handle = openSync(folder, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
