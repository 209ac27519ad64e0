import { readFileSync } from "node:fs";
import { isErrno } from "../ground/error.ts";

/** A process that no later one with the same number can be taken for. */
export type ProcessIdentity = {
  readonly pid: number;
  /** Clock ticks after the boot (field 22 of /proc/PID/stat). */
  readonly startTime: string;
  readonly bootId: string;
};

/** Undefined when there is no such process, or only its exit status is left. */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command's name may hold spaces and parentheses: fields are counted after its last one.
    const [state, ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const startTime = fields[18];
    if (state === "Z" || state === "X" || startTime === undefined) return undefined;
    return { pid, startTime, bootId: bootId() };
  } catch (error) {
    if (isErrno(error, "ENOENT") || isErrno(error, "ESRCH")) return undefined;
    throw error;
  }
}

export function isSameProcess(identity: ProcessIdentity): boolean {
  const now = identifyProcess(identity.pid);
  return now?.startTime === identity.startTime && now.bootId === identity.bootId;
}

/** The process that is told of its end; undefined when there is no such process. */
export function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch (error) {
    if (isErrno(error, "ENOENT") || isErrno(error, "ESRCH")) return undefined;
    throw error;
  }
}

function bootId(): string {
  return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
}
