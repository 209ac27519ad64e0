import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { IngotError } from "./error.ts";
import { tryLock } from "./libc.ts";

/**
 * Runs `work` while this process alone holds the lock file. The kernel drops the lock when the process dies, so a crash leaves nothing to clean.
 * Waits up to `wait` milliseconds (default 0), then throws `locked-by-another`.
 */
export async function withFileLock<T>(
  path: string,
  work: () => Promise<T> | T,
  options: { wait?: number; what?: string } = {},
): Promise<T> {
  mkdirSync(dirname(path), { recursive: true });
  const file = openSync(path, "a", 0o600);
  try {
    await acquire(file, path, options);
    return await work();
  } finally {
    closeSync(file);
  }
}

async function acquire(file: number, path: string, options: { wait?: number; what?: string }): Promise<void> {
  const deadline = Date.now() + (options.wait ?? 0);
  while (!tryLock(file)) {
    if (Date.now() >= deadline) {
      throw new IngotError("locked-by-another", `another Ingot process is using ${options.what ?? path}`, {
        hint: "wait for it to end, then run the same command again",
      });
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
