import { closeSync, fstatSync, mkdirSync, openSync, statSync } from "node:fs";
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
  const file = await acquire(path, options);
  try {
    return await work();
  } finally {
    closeSync(file);
  }
}

async function acquire(path: string, options: { wait?: number; what?: string }): Promise<number> {
  const deadline = Date.now() + (options.wait ?? 0);
  for (;;) {
    const file = tryOnce(path);
    if (file !== undefined) return file;
    if (Date.now() >= deadline) {
      throw new IngotError("locked-by-another", `another Ingot process is using ${options.what ?? path}`, {
        hint: "wait for it to end, then run the same command again",
      });
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The locked file; undefined when another has it. */
function tryOnce(path: string): number | undefined {
  mkdirSync(dirname(path), { recursive: true });
  const file = openSync(path, "a", 0o600);
  try {
    // A holder may remove the file before it lets go: who then locked what has no name would share the lock with whoever makes the file again.
    if (tryLock(file) && statSync(path, { throwIfNoEntry: false })?.ino === fstatSync(file).ino) return file;
  } catch (error) {
    closeSync(file);
    throw error;
  }
  closeSync(file);
  return undefined;
}
