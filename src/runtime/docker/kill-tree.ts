import { readdirSync, readFileSync } from "node:fs";
import { isErrno } from "../../ground/error.ts";

/**
 * Ends what a program that entered a container has started, wherever it went: what is in the container's control groups and does not descend from its first process. A process whose parent has
 * ended is given to that first process; it is told by its session, which began outside.
 */
export function killTree(pid: number, first: number): void {
  for (const one of enteredWith(pid, first)) {
    try {
      process.kill(one, "SIGKILL");
    } catch (error) {
      if (!isErrno(error, "ESRCH")) throw error;
    }
  }
}

function enteredWith(pid: number, first: number): readonly number[] {
  if (pid === 0) return [];
  const all = new Map(
    readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map((name) => [Number(name), parentOf(Number(name))]),
  );
  const descends = (one: number): boolean => {
    for (
      let at: number | undefined = one, steps = 0;
      at !== undefined && at > 1 && steps < 1000;
      at = all.get(at), steps += 1
    ) {
      if (at === first) return false;
      if (at === pid) return true;
    }
    return false;
  };
  return [...all.keys()].filter(descends);
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch (error) {
    if (isErrno(error, "ENOENT") || isErrno(error, "ESRCH")) return undefined;
    throw error;
  }
}
