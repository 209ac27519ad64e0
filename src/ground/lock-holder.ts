import { readFileSync, statSync } from "node:fs";

/** The id of the process that holds the lock of a file, by what the kernel says (proc(5), /proc/locks); undefined where it does not say, as for a process of another container. */
export function findLockHolder(path: string): number | undefined {
  try {
    const inode = `:${statSync(path).ino}`;
    const line = readFileSync("/proc/locks", "utf8")
      .split("\n")
      .map((one) => one.split(/\s+/))
      .find(([, kind, , , , file]) => kind === "FLOCK" && file?.endsWith(inode) === true);
    const id = Number(line?.[4]);
    return Number.isInteger(id) && id > 0 ? id : undefined;
  } catch {
    // Only for the sentence of an error that is told anyway.
    return undefined;
  }
}
