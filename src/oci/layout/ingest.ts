import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { temporaryPath } from "../../ground/atomic-file.ts";
import { IngotError, isErrno } from "../../ground/error.ts";

/** Beside the blobs, not among them: other tools take every file there for a blob. The same file system, so a rename is atomic. */
export function ingestPath(folder: string): string {
  mkdirSync(join(folder, "ingest"), { recursive: true });
  return temporaryPath(join(folder, "ingest/blob"));
}

/** A full disk by its name; anything else as it is. */
export function storeError(error: unknown): unknown {
  if (!isErrno(error, "ENOSPC") && !isErrno(error, "EDQUOT")) return error;
  return new IngotError("disk-full", "no space is left for the store", {
    hint: "free some space, or `ingot gc`; nothing half-written was left",
    cause: error,
  });
}
