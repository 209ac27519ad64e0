import { spawn } from "node:child_process";
import { chownSync, closeSync, constants, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import { makeNode } from "../../ground/libc.ts";
import { logFileCount, logFileSize } from "../log/log-files.ts";

const fifoType = 0o010000;

/** `write`: the end of the pipe that the instance prints to. `begin`: once, appends what comes to the log file, by a small process outside of the instance. */
export type InstanceLog = { readonly write: number; readonly begin: () => void };

export function openInstanceLog({ log, ...options }: OutputPipeOptions & { readonly log: string }): InstanceLog {
  const { read, write } = openOutputPipe(options);
  const begin = (): void => {
    try {
      startLogger(read, log);
    } finally {
      closeSync(read);
    }
  };
  return { write, begin };
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

/**
 * Appends to `$1`, and begins a new file when it has `$2` bytes; of the older ones `$3` are kept. `head` reads not one byte more than it may, so that nothing is lost at a turn, and writes
 * what it has read at once. A file that is not full at the end of `head` means the end of the output; an error, that the disk is full: then something is dropped and it is tried again, since the
 * instance must never be held up by its own log.
 */
const loggerScript = `umask 077
size=0
while :; do
  if stdbuf -o0 head -c $(($2 - size)) >> "$1"; then
    size=$(wc -c < "$1")
    [ "$size" -ge "$2" ] || exit 0
    n=$3
    while [ "$n" -gt 1 ]; do
      [ ! -e "$1.$((n - 1))" ] || mv -f "$1.$((n - 1))" "$1.$n"
      n=$((n - 1))
    done
    mv -f "$1" "$1.1"
    size=0
  else
    [ -d "\${1%/*}" ] || exec cat > /dev/null
    dropped=$(head -c 65536 | wc -c)
    [ "$dropped" -gt 0 ] || exit 0
    size=$(wc -c < "$1") || size=0
  fi
done`;

/** Ends by itself when the last process of the instance is gone. A program as small as this costs little memory for each instance, and outlives whoever started it. */
function startLogger(read: number, log: string): void {
  closeSync(openSync(log, "a", 0o600));
  const args = ["-c", loggerScript, "ingot-log", log, String(logFileSize), String(logFileCount - 1)];
  const logger = spawn("sh", args, {
    stdio: [read, "ignore", "ignore"],
    detached: true,
    cwd: "/",
    env: { PATH: process.env.PATH },
  });
  logger.unref();
}
