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
  const [state, ...fields] = readStat(pid);
  const startTime = fields[18];
  if (state === "Z" || state === "X" || startTime === undefined) return undefined;
  return { pid, startTime, bootId: bootId() };
}

/** As wait(2) would have it, of a process that has ended and whose parent has not asked yet; undefined otherwise. Only root is told (proc_pid_stat(5), `exit_code`). */
export function unreadExitStatus({ pid, startTime }: ProcessIdentity): number | undefined {
  const [state, ...fields] = readStat(pid);
  return state === "Z" && fields[18] === startTime ? Number(fields[48]) : undefined;
}

export function isSameProcess(identity: ProcessIdentity): boolean {
  const now = identifyProcess(identity.pid);
  return now?.startTime === identity.startTime && now.bootId === identity.bootId;
}

/** The process that is told of its end; undefined when there is no such process. */
export function parentOf(pid: number): number | undefined {
  const parent = readStat(pid)[1];
  return parent === undefined ? undefined : Number(parent);
}

/** What /proc/PID/stat has from the state (field 3) on; empty when there is no such process. */
function readStat(pid: number): readonly string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command's name may hold spaces and parentheses: fields are counted after its last one.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch (error) {
    if (isErrno(error, "ENOENT") || isErrno(error, "ESRCH")) return [];
    throw error;
  }
}

/** Of this boot: no process lives to see another one. */
let knownBootId: string | undefined;

function bootId(): string {
  knownBootId ??= readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  return knownBootId;
}
