import { closeSync, fstatSync, mkdirSync, openSync, statSync } from "node:fs";
import { dirname } from "node:path";
import type { Context } from "./context.ts";
import { IngotError } from "./error.ts";
import { tryLock } from "./libc.ts";

export type LockOptions = {
  /** Milliseconds to wait for another; default 0. */
  readonly wait?: number;
  /** What the lock is for, in the error and in the notice. */
  readonly what?: string;
  /** Who waits: is told after a second, and may stop it. */
  readonly ctx?: Pick<Context, "signal" | "report">;
};

/**
 * Runs `work` while this process alone holds the lock file. The kernel drops the lock when the process dies, so a crash leaves nothing to clean.
 * Throws `locked-by-another` when `wait` is over, `cancelled` when the person stops it while it waits.
 */
export async function withFileLock<T>(path: string, work: () => Promise<T> | T, options: LockOptions = {}): Promise<T> {
  const lock = await holdFileLock(path, options);
  try {
    return await work();
  } finally {
    lock.release();
  }
}

/** A lock that this process holds until `release`, or until it dies. */
export type HeldLock = { readonly release: () => void };

/** Takes the lock file for as long as the caller likes. Throws as `withFileLock`. */
export async function holdFileLock(path: string, options: LockOptions = {}): Promise<HeldLock> {
  return heldLock(path, await acquire(path, options));
}

function heldLock(path: string, file: number): HeldLock {
  held.add(path);
  let isHeld = true;
  const release = (): void => {
    if (!isHeld) return;
    isHeld = false;
    held.delete(path);
    closeSync(file);
  };
  return { release };
}

/** The lock file at once, or undefined: another has it. For whoever does without, and asks not who that is. */
export function tryFileLock(path: string): HeldLock | undefined {
  const file = tryOnce(path);
  return file === undefined ? undefined : heldLock(path, file);
}

/** The locks of this very process: two instances that it starts at once wait for each other as well, which is nothing to tell a person. */
const held = new Set<string>();

async function acquire(path: string, { wait = 0, what = path, ctx }: LockOptions): Promise<number> {
  const start = Date.now();
  let sinceOther = start;
  // Most locks are held for a millisecond.
  let pause = 1;
  let isTold = false;
  for (;;) {
    const file = tryOnce(path);
    if (file !== undefined) return file;
    if (ctx?.signal.aborted) throw new IngotError("cancelled", `stopped while another Ingot process was using ${what}`);
    const waited = Date.now() - start;
    if (waited >= wait) {
      const { findLockHolder } = await import("./lock-holder.ts");
      const holder = findLockHolder(path);
      const who = holder === undefined ? "another Ingot process" : `another Ingot process (${holder})`;
      throw new IngotError("locked-by-another", `${who} is using ${what}`, {
        hint: "wait for it to end, then run the same command again",
      });
    }
    if (held.has(path)) sinceOther = Date.now();
    if (Date.now() - sinceOther > noticeable && !isTold) {
      ctx?.report.info(`waiting for another Ingot process, which is using ${what}`);
      isTold = true;
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
    pause = Math.min(pause * 2, 20);
  }
}

const noticeable = 1000;

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
