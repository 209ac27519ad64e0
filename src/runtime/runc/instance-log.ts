import { spawn } from "node:child_process";
import { chownSync, closeSync, constants, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import { makeNode } from "../../ground/libc.ts";

/** Bytes kept of what an instance prints; what comes after is dropped, so that it can neither fill the disk nor be held up. */
const mostLogged = 64 * 1024 * 1024;
const fifoType = 0o010000;

/** Appends what the instance prints to its log file, by a small process outside of it. Returns the end of the pipe to write to. */
export function openInstanceLog({ log, ...options }: OutputPipeOptions & { readonly log: string }): number {
  const { read, write } = openOutputPipe(options);
  try {
    startLogger(read, log);
    return write;
  } catch (error) {
    closeSync(write);
    throw error;
  } finally {
    closeSync(read);
  }
}

export type OutputPipeOptions = {
  readonly folder: string;
  /** Host ids of the instance's user. */
  readonly owner: { readonly uid: number; readonly gid: number };
};

/**
 * A pipe for what an instance prints. An open file instead would be a place on the host's disk that the instance could write a program to, and execute it
 * from. It belongs to the instance's user, since servers open /dev/stdout again.
 */
export function openOutputPipe({ folder, owner }: OutputPipeOptions): {
  readonly read: number;
  readonly write: number;
} {
  const path = join(folder, "output");
  rmSync(path, { force: true });
  makeNode(path, fifoType | 0o600, 0n);
  chownSync(path, owner.uid, owner.gid);
  // While this end is open the others open without waiting for each other.
  const both = openSync(path, constants.O_RDWR);
  try {
    const read = openSync(path, constants.O_RDONLY);
    return { read, write: openSync(path, constants.O_WRONLY) };
  } finally {
    closeSync(both);
    rmSync(path);
  }
}

/** Ends by itself when the last process of the instance is gone. */
function startLogger(read: number, log: string): void {
  const script = `dd bs=64K count=${mostLogged} iflag=count_bytes status=none; exec cat >/dev/null`;
  const file = openSync(log, "a", 0o600);
  try {
    const env = { PATH: process.env.PATH };
    const logger = spawn("sh", ["-c", script], { stdio: [read, file, "ignore"], detached: true, cwd: "/", env });
    logger.unref();
  } finally {
    closeSync(file);
  }
}
