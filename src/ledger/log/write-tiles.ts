import { mkdirSync } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isErrno } from "../../ground/error.ts";
import type { TileFile } from "./plan-batch.ts";

/**
 * Writes files below `folder`, all at once; when it resolves they are on the disk, and found under their names after a power cut. `known`: folders whose own names are
 * on the disk already; it is added to.
 */
export async function writeTiles(folder: string, files: readonly TileFile[], known: Set<string>): Promise<void> {
  const fresh: string[] = [];
  for (const { path } of files) makeFolder(dirname(join(folder, path)), known, fresh);
  await all(files.map(async ({ path, bytes }) => writeSynced(join(folder, path), bytes)));
  const touched = [...files.map(({ path }) => dirname(join(folder, path))), ...fresh.map((made) => dirname(made))];
  await all([...new Set(touched)].map(syncFolder));
  for (const made of fresh) known.add(made);
}

/** Writes a whole file and waits until it is on the disk. What a crash left under that name is overwritten. */
export async function writeSynced(path: string, bytes: Uint8Array | string): Promise<void> {
  const file = await open(path, "w", 0o644);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

export async function renameSynced(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncFolder(dirname(to));
}

export async function removeSynced(path: string): Promise<void> {
  await rm(path, { force: true });
  await syncFolder(dirname(path));
}

export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Waits for all of them also when one fails: none may still write when the next batch begins. */
export async function all(work: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(work)) if (result.status === "rejected") throw result.reason;
}

/** With those above it. One that is there may be the leftover of a batch that failed, and not on the disk yet: it is `fresh` as well. */
function makeFolder(path: string, known: ReadonlySet<string>, fresh: string[]): void {
  if (known.has(path) || fresh.includes(path)) return;
  makeFolder(dirname(path), known, fresh);
  try {
    mkdirSync(path);
  } catch (error) {
    if (!isErrno(error, "EEXIST")) throw error;
  }
  fresh.push(path);
}
