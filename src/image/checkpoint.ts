import { closeSync, lstatSync, openSync, rmSync } from "node:fs";

/**
 * A moment on the file system's own clock (milliseconds), such that what was changed before has an earlier ctime and what is changed after has not.
 * The clock ticks every few milliseconds, so this waits for the next tick. `folder` must be on the same file system.
 */
export function takeCheckpoint(folder: string): number {
  const first = probe(folder);
  for (;;) {
    const next = probe(folder);
    if (next > first) return next;
  }
}

function probe(folder: string): number {
  const path = `${folder}/.checkpoint`;
  closeSync(openSync(path, "w"));
  const { ctimeMs } = lstatSync(path);
  rmSync(path);
  return ctimeMs;
}
