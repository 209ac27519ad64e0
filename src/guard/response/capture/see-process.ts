import type { Redactor } from "./redact.ts";
import { readProc, readProcLink, splitWords } from "./read-proc.ts";

/** A process of an instance as a capture shows it. Ids of users are those of the host. */
export type CapturedProcess = {
  readonly pid: number;
  readonly parent: number;
  /** Its number in the innermost namespace: what it knows itself by. */
  readonly pidInside: number;
  readonly name: string;
  readonly state: string;
  readonly executable: string;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly folder: string;
  readonly root: string;
  readonly uid: number;
  readonly gid: number;
  /** Hexadecimal sets of capabilities(7). */
  readonly capabilities: Readonly<Record<string, string>>;
  readonly noNewPrivileges: boolean;
  readonly seccomp: number;
  readonly tracer: number;
  readonly threads: number;
  /** Clock ticks after the boot. */
  readonly started: number;
  readonly namespaces: Readonly<Record<string, string>>;
  readonly cgroups: readonly string[];
};

/** Bytes of a command and of an environment: the kernel itself would take two megabytes. */
const mostWords = 128 * 1024;
const mostStatus = 16 * 1024;
const namespaceKinds = ["cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"] as const;

/** Undefined for a process that has ended. */
export function seeProcess(pid: number, redactor: Redactor): CapturedProcess | undefined {
  const status = readStatus(pid);
  if (status.size === 0) return undefined;
  const number = (name: string): number => Number(status.get(name)?.split(/\s+/)[0] ?? 0);
  const proc = `/proc/${pid}`;
  return {
    pid,
    parent: number("PPid"),
    pidInside: Number(status.get("NSpid")?.split(/\s+/).at(-1) ?? pid),
    name: redactor.text(status.get("Name") ?? ""),
    state: status.get("State") ?? "",
    executable: redactor.text(readProcLink(`${proc}/exe`)),
    command: redactor.command(splitWords(readProc(`${proc}/cmdline`, mostWords))),
    environment: redactor.environment(splitWords(readProc(`${proc}/environ`, mostWords))),
    folder: redactor.text(readProcLink(`${proc}/cwd`)),
    root: readProcLink(`${proc}/root`),
    uid: Number(status.get("Uid")?.split(/\s+/)[1] ?? -1),
    gid: Number(status.get("Gid")?.split(/\s+/)[1] ?? -1),
    capabilities: Object.fromEntries(
      ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"].map((name) => [name, status.get(name) ?? ""]),
    ),
    noNewPrivileges: number("NoNewPrivs") === 1,
    seccomp: number("Seccomp"),
    tracer: number("TracerPid"),
    threads: number("Threads"),
    started: startOf(pid),
    namespaces: Object.fromEntries(namespaceKinds.map((kind) => [kind, readProcLink(`${proc}/ns/${kind}`)])),
    cgroups: readProc(`${proc}/cgroup`, mostStatus).toString().trimEnd().split("\n"),
  };
}

/** `Name:\tvalue` by lines; a name that a process gave itself has its line breaks escaped by the kernel. */
function readStatus(pid: number): ReadonlyMap<string, string> {
  const lines = readProc(`/proc/${pid}/status`, mostStatus).toString().split("\n").filter(Boolean);
  return new Map(
    lines.map((line) => {
      const at = line.indexOf(":");
      return [line.slice(0, at), line.slice(at + 1).trim()];
    }),
  );
}

/** Field 22 of /proc/PID/stat, counted after the last parenthesis: the command's name may hold any. */
function startOf(pid: number): number {
  const stat = readProc(`/proc/${pid}/stat`, mostStatus).toString();
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? 0);
}
