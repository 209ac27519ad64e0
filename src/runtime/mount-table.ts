import { readFileSync } from "node:fs";

/** One line of a mountinfo file (proc_pid_mountinfo(5)). */
export type MountEntry = {
  readonly id: number;
  /** `major:minor` of the file system: equal for all mounts of the same one. */
  readonly device: string;
  /** Which part of the file system is mounted. */
  readonly root: string;
  readonly target: string;
  /** The options of this mount: `ro`, `nosuid` … */
  readonly options: readonly string[];
  readonly type: string;
  readonly source: string;
  /** The options of the file system: `size=1024k` … */
  readonly superOptions: readonly string[];
};

/** The mounts that a process sees; this one's own by default. */
export function readMounts(pid: number | "self" = "self"): MountEntry[] {
  const lines = readFileSync(`/proc/${pid}/mountinfo`, "utf8").split("\n").filter(Boolean);
  return lines.map(parseMountEntry);
}

/** The mounts at one place, the lowest first. With a hundred instances the table has a thousand lines: only those that may be meant are taken apart. */
export function mountsAt(target: string): MountEntry[] {
  const isPlain = !/[\s\\]/.test(target);
  const lines = readFileSync("/proc/self/mountinfo", "utf8").split("\n").filter(Boolean);
  const meant = isPlain ? lines.filter((line) => line.includes(` ${target} `)) : lines;
  return meant.map(parseMountEntry).filter((entry) => entry.target === target);
}

export function parseMountEntry(line: string): MountEntry {
  const [left = "", right = ""] = line.split(" - ");
  const [id, , device, root, target, options] = left.split(" ");
  const [type, source, superOptions] = right.split(" ");
  return {
    id: Number(id),
    device: device ?? "",
    root: unescape(root ?? ""),
    target: unescape(target ?? ""),
    options: (options ?? "").split(","),
    type: type ?? "",
    source: unescape(source ?? ""),
    superOptions: (superOptions ?? "").split(","),
  };
}

/** The kernel writes space, tab, newline and backslash as three octal digits. */
function unescape(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
