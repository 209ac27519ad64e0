import { readdirSync, readFileSync } from "node:fs";
import { isErrno } from "../../ground/error.ts";

/** In the environment of what enters a container, and by that of all that it starts. */
export const entryVariable = "INGOT_ENTRY";

/** Ends what a program that entered a container has started, wherever it went meanwhile; `mark`: the value of its `entryVariable`. A process that takes the variable away stays. */
export function killEntered(first: number, mark: string): void {
  for (const pid of groupOf(first)) {
    if (!environmentOf(pid).includes(`${entryVariable}=${mark}`)) continue;
    try {
      process.kill(pid, "SIGKILL");
    } catch (error) {
      if (!isErrno(error, "ESRCH")) throw error;
    }
  }
}

/** All processes in the control groups of a process, which are a container's own. */
export function groupOf(first: number): readonly number[] {
  const own = read(first, "cgroup");
  if (own === "") return [];
  const all = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return all.map(Number).filter((pid) => read(pid, "cgroup") === own);
}

function environmentOf(pid: number): readonly string[] {
  return read(pid, "environ").split("\0");
}

/** Empty for a process that is gone. */
function read(pid: number, file: "cgroup" | "environ"): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch (error) {
    if (isErrno(error, "ENOENT") || isErrno(error, "ESRCH")) return "";
    throw error;
  }
}
