import { chmodSync, renameSync, rmSync } from "node:fs";
import { copyFile, open } from "node:fs/promises";
import { join } from "node:path";
import { isErrno } from "../../ground/error.ts";
import { ingestPath, storeError } from "./ingest.ts";

/** Moves a file to where a blob belongs; durable when it resolves. */
export async function adoptBlob(folder: string, file: string, path: string): Promise<void> {
  const temporary = ingestPath(folder);
  try {
    chmodSync(file, 0o444);
    try {
      renameSync(file, path);
    } catch (error) {
      if (!isErrno(error, "EXDEV")) throw error;
      // The store is a mount of its own: by a copy, which is whole before it has its name.
      await copyFile(file, temporary);
      await sync(temporary);
      renameSync(temporary, path);
      rmSync(file, { force: true });
    }
    await sync(join(path, ".."));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw storeError(error);
  }
}

/** Other requests are answered while the disk works. */
async function sync(path: string): Promise<void> {
  await using file = await open(path, "r");
  await file.sync();
}
