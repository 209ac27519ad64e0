import { closeSync, existsSync, openSync, readFileSync, readlinkSync, readSync, statSync } from "node:fs";
import { isErrno } from "../../ground/error.ts";

/** The program that a living process runs. */
export type SeenProgram = {
  /** As the kernel has it: `/tmp/x (deleted)`, `/memfd:name (deleted)`. */
  readonly link: string;
  readonly device: number;
  readonly inode: number;
  /** No name is left of its file. */
  readonly isDeleted: boolean;
};

/** What /proc said of a process right after it executed something. It may have executed something else since then. */
export type SeenExecution = {
  readonly program: SeenProgram;
  /** Empty where it was in the middle of becoming another program. */
  readonly command: readonly string[];
  readonly folder: string | undefined;
  /** Of its environment, what makes the dynamic loader load more than the program asks for. */
  readonly preloads: readonly string[];
  /** What file is its standard input, as a path or `pipe:[1]`. */
  readonly input: string | undefined;
};

/** Bytes of a command or an environment that are looked at. */
const mostText = 128 * 1024;

/** Undefined for a process that has ended. */
export function readExecution(pid: number): SeenExecution | undefined {
  // An error of the file system is ten times as dear as this question, and in a flood most are gone.
  if (!existsSync(`/proc/${pid}/exe`)) return undefined;
  const read = readCommand(pid);
  if (read === undefined) return undefined;
  const { command, program } = read;
  return {
    program,
    command: command.map((word) => descriptorLink(pid, word)),
    folder: unlessEnded(() => readlinkSync(`/proc/${pid}/cwd`)),
    preloads: (readWords(`/proc/${pid}/environ`) ?? []).filter((word) => /^LD_(?:PRELOAD|AUDIT)=/.test(word)),
    input: unlessEnded(() => readlinkSync(`/proc/${pid}/fd/0`)),
  };
}

/** Reads of one process that becomes another program meanwhile; more than a few in a row take nobody by chance. */
const mostReads = 4;

/**
 * A program and its own words: `env -i sh -c x`, read while it becomes `sh`, would be a shell that runs the script `-i`. The words are read first, since they are what a process that ends within a millisecond takes
 * with it, and once more behind the program. In the middle of execve(2) there are none.
 */
function readCommand(pid: number): Pick<SeenExecution, "command" | "program"> | undefined {
  let command = readWords(`/proc/${pid}/cmdline`);
  for (let reads = 1; ; reads += 1) {
    const program = readProgram(pid);
    if (program === undefined || command === undefined) return undefined;
    const again = readWords(`/proc/${pid}/cmdline`);
    const hasEnded = again === undefined || !existsSync(`/proc/${pid}/exe`);
    if (hasEnded || again.join("\0") === command.join("\0")) return { command, program };
    command = again;
    if (reads === mostReads) return { command: [], program };
  }
}

/** `bash /dev/fd/63`: what is open there, as a path or `pipe:[1]`. */
function descriptorLink(pid: number, word: string): string {
  const number = word === "/dev/stdin" ? "0" : /^\/(?:dev|proc\/self)\/fd\/(\d+)$/.exec(word)?.[1];
  if (number === undefined) return word;
  return unlessEnded(() => readlinkSync(`/proc/${pid}/fd/${number}`)) ?? word;
}

export function readProgram(pid: number): SeenProgram | undefined {
  return unlessEnded(() => {
    const link = readlinkSync(`/proc/${pid}/exe`);
    const stats = statSync(`/proc/${pid}/exe`);
    return { link, device: stats.dev, inode: stats.ino, isDeleted: stats.nlink === 0 || link.endsWith(" (deleted)") };
  });
}

/** Texts that end with NUL: `cmdline` and `environ`. */
export function readWords(path: string): readonly string[] | undefined {
  const text = unlessEnded(() => readStart(path));
  if (text === undefined) return undefined;
  return text === "" ? [] : text.replace(/\0$/, "").split("\0");
}

/** At most so much: an attacker's environment may be two megabytes. */
function readStart(path: string): string {
  const file = openSync(path, "r");
  try {
    const buffer = Buffer.allocUnsafe(4096);
    let text = "";
    for (let size = readSync(file, buffer); size > 0; size = readSync(file, buffer)) {
      text += buffer.toString("latin1", 0, size);
      if (text.length >= mostText) break;
    }
    return Buffer.from(text, "latin1").toString("utf8");
  } finally {
    closeSync(file);
  }
}

export type ProcessStatus = {
  readonly name: string;
  /** On the host; 0 for one without. */
  readonly parent: number;
  readonly uid: number;
  readonly field: (name: string) => string;
};

export function readStatus(pid: number): ProcessStatus | undefined {
  const text = unlessEnded(() => readFileSync(`/proc/${pid}/status`, "utf8"));
  if (text === undefined) return undefined;
  const fields = new Map(
    text.split("\n").map((line) => [line.split(":", 1)[0] ?? "", line.slice(line.indexOf(":") + 1)]),
  );
  const field = (name: string): string => (fields.get(name) ?? "").trim();
  return { name: field("Name"), parent: Number(field("PPid")), uid: Number(field("Uid").split(/\s/)[0]), field };
}

/** Milliseconds since 1970 at which a process began. */
export function readStart1970(pid: number, now: number): number | undefined {
  const stat = unlessEnded(() => readFileSync(`/proc/${pid}/stat`, "utf8"));
  const ticks = Number(stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19]);
  // USER_HZ is 100 on x86-64 whatever the kernel's own clock does.
  const uptime = Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]);
  return Number.isFinite(ticks) ? Math.round(now - (uptime - ticks / 100) * 1000) : undefined;
}

/** Undefined where the process ended while it was looked at, and for the kernel's own, which have no program. */
export function unlessEnded<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (["ENOENT", "ESRCH", "EACCES", "EPERM", "ENOTDIR", "EINVAL", "EIO"].some((code) => isErrno(error, code))) {
      return undefined;
    }
    throw error;
  }
}
