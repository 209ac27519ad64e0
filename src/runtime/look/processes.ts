import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { basename } from "node:path";
import { isErrno } from "../../ground/error.ts";
import type { LivingProcess } from "./see-file.ts";

export type SeenProcess = {
  /** What it goes by: the kernel's name (at most 15 bytes), the program's file, and what it calls itself. */
  readonly names: readonly string[];
  /** The effective user, as an id of the instance. */
  readonly uid: number;
};

/** The processes of an instance: those of the host that are in its process namespace. */
export function listProcesses(of: LivingProcess): readonly SeenProcess[] {
  const namespace = read(() => readlinkSync(`/proc/${of.pid}/ns/pid`));
  if (namespace === undefined) return [];
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids
    .filter((pid) => read(() => readlinkSync(`/proc/${pid}/ns/pid`)) === namespace)
    .flatMap((pid) => describe(pid, of.firstId) ?? []);
}

function describe(pid: string, firstId: number): SeenProcess | undefined {
  const status = read(() => readFileSync(`/proc/${pid}/status`, "utf8"));
  const uid = /^Uid:\t\d+\t(\d+)/m.exec(status ?? "")?.[1];
  if (status === undefined || uid === undefined || /^State:\t[ZX]/m.test(status)) return undefined;
  const kernelName = /^Name:\t(.*)$/m.exec(status)?.[1];
  const program = read(() => readlinkSync(`/proc/${pid}/exe`));
  const called = read(() => readFileSync(`/proc/${pid}/cmdline`, "utf8"))?.split("\0")[0];
  const names = [kernelName, program && basename(program), called && basename(called.split(":")[0] ?? "")];
  return { names: [...new Set(names.filter((name) => name))] as string[], uid: Number(uid) - firstId };
}

/** Undefined for a process that ends while it is looked at, and for one of the kernel's own. */
function read(look: () => string): string | undefined {
  try {
    return look();
  } catch (error) {
    if (isErrno(error, "ENOENT") || isErrno(error, "ESRCH") || isErrno(error, "EACCES")) return undefined;
    throw error;
  }
}
