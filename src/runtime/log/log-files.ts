import { closeSync, fstatSync, openSync } from "node:fs";
import { isErrno } from "../../ground/error.ts";

/** How much of what an instance prints is kept: the last of it, in so many files of so many bytes. The oldest goes when a new one is begun. */
export const logFileSize = 8 * 1024 * 1024;
export const logFileCount = 4;

/** The oldest first. `log` is the one that is written to; the others are renamed at each turn: `log` to `log.1`, `log.1` to `log.2` … */
export function logNames(log: string): readonly string[] {
  const older = Array.from({ length: logFileCount - 1 }, (_, index) => `${log}.${index + 1}`);
  return [log, ...older].toReversed();
}

/** A file of a log, known by its inode: its name changes while it is read. */
export type LogFile = { readonly file: number; readonly inode: number };

/** Opens what there is of a log, the oldest first, each file once. The caller closes them. */
export function openLog(log: string): readonly LogFile[] {
  for (let attempt = 0; ; attempt += 1) {
    const before = openAll(log);
    const after = openAll(log);
    closeLog(after);
    // A turn between two openings can show a file twice or not at all; turns are rare, so a second look settles it.
    if (attempt === 5 || before.map(({ inode }) => inode).join() === after.map(({ inode }) => inode).join()) {
      return before.filter(({ inode }, index) => before.findIndex((other) => other.inode === inode) === index);
    }
    closeLog(before);
  }
}

export function closeLog(files: readonly LogFile[]): void {
  for (const { file } of files) closeSync(file);
}

function openAll(log: string): readonly LogFile[] {
  return logNames(log).flatMap((name) => {
    try {
      const file = openSync(name, "r");
      return [{ file, inode: fstatSync(file).ino }];
    } catch (error) {
      if (isErrno(error, "ENOENT")) return [];
      throw error;
    }
  });
}
