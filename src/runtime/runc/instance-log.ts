import { spawn } from "node:child_process";
import { chownSync, closeSync, constants, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import { makeNode } from "../../ground/libc.ts";

/** Bytes kept of what an instance prints; what comes after is dropped, so that it can neither fill the disk nor be held up. */
const mostLogged = 64 * 1024 * 1024;
const fifoType = 0o010000;

/**
 * The write end of a pipe whose content a small process outside of the instance appends to the log file. An open file instead of a pipe would be a place on the host's
 * disk that the instance could write a program to, and execute it from. The pipe belongs to the instance's user, since servers open /dev/stdout again.
 */
export function openInstanceLog(options: { folder: string; log: string; owner: { uid: number; gid: number } }): number {
  const path = join(options.folder, "output");
  rmSync(path, { force: true });
  makeNode(path, fifoType | 0o600, 0n);
  chownSync(path, options.owner.uid, options.owner.gid);
  // While this end is open the others open without waiting for each other.
  const both = openSync(path, constants.O_RDWR);
  const read = openSync(path, constants.O_RDONLY);
  const write = openSync(path, constants.O_WRONLY);
  try {
    startLogger(read, options.log);
    return write;
  } catch (error) {
    closeSync(write);
    throw error;
  } finally {
    closeSync(both);
    closeSync(read);
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
