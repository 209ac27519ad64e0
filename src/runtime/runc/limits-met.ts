import { existsSync, readFileSync } from "node:fs";
import { cgroupFile, groupFile, type CgroupFiles } from "../cgroup-file.ts";

export type Limit = "processes" | "memory";

/** Both versions of cgroups count in lines such as `max 12`. */
const counters: Readonly<Record<Limit, { controller: string; files: CgroupFiles; word: string }>> = {
  processes: { controller: "pids", files: { v1: "pids.events", v2: "pids.events" }, word: "max" },
  memory: { controller: "memory", files: { v1: "memory.oom_control", v2: "memory.events" }, word: "oom_kill" },
};

/** Tells later which limits of an instance were met since this call. The files are looked up at once: a process that has ended is in the host's cgroup. */
export function watchLimits(pid: number): () => readonly Limit[] {
  const limits = (["processes", "memory"] as const).map((limit) => {
    const { controller, files, word } = counters[limit];
    const path = cgroupFile(pid, controller, files);
    return { limit, word, path, before: path === undefined ? 0 : readCount(path, word) };
  });
  return () => {
    const met = limits.filter(({ path, word, before }) => path !== undefined && readCount(path, word) > before);
    return met.map(({ limit }) => limit);
  };
}

/** Whether the kernel killed a process of the group for its memory, also after the last of them is gone. */
export function wasOutOfMemory(cgroup: string): boolean {
  const { controller, files, word } = counters.memory;
  const path = groupFile(cgroup, controller, files);
  return path !== undefined && readCount(path, word) > 0;
}

function readCount(path: string, word: string): number {
  const text = existsSync(path) ? readFileSync(path, "utf8") : "";
  const line = text.split("\n").find((entry) => entry.startsWith(`${word} `));
  return Number(line?.split(" ")[1] ?? 0);
}
