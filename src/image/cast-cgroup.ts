import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isErrno } from "../ground/error.ts";
import type { ScriptLimits } from "./script-limits.ts";

/** The control group of one cast: its worker and all that its scripts start, who cannot leave it. */
export type CastCgroup = {
  readonly add: (pid: number) => void;
  /** The limits that were met so far, in words. */
  readonly met: () => readonly string[];
  /** Once all in it are gone. */
  readonly remove: () => Promise<void>;
};

const prefix = "ingot-cast-";

/** Below this process's own group, whose limits hold too. Where groups cannot be made (no root, a container) there is none, and nothing is limited by it. */
export function makeCastCgroup(limits: ScriptLimits): CastCgroup {
  const name = `${prefix}${process.pid}-${randomBytes(4).toString("hex")}`;
  const folders: string[] = [];
  for (const { parent, files } of controllers(limits)) {
    const folder = join(parent, name);
    try {
      removeStale(parent);
      mkdirSync(folder, { recursive: true });
      for (const [file, value] of files) writeFileSync(join(folder, file), String(value));
      folders.push(folder);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      if (existsSync(folder)) rmdirSync(folder);
    }
  }
  return {
    add: (pid) => folders.forEach((folder) => writeFileSync(join(folder, "cgroup.procs"), String(pid))),
    met: () => folders.flatMap((folder) => limitsMet(folder, limits)),
    remove: async () => {
      for (const folder of folders) await removeGroup(folder);
    },
  };
}

type Controller = { readonly parent: string; readonly files: readonly (readonly [string, number])[] };

function controllers({ processes, memory }: ScriptLimits): readonly Controller[] {
  const [pids, bytes] = [ownGroup("pids"), ownGroup("memory")];
  if (pids !== undefined && bytes !== undefined)
    return [
      { parent: pids, files: [["pids.max", processes]] },
      { parent: bytes, files: [["memory.limit_in_bytes", memory]] },
    ];
  // Version 2 gives a group with processes in it no children with limits, but for the root: the groups lie there.
  const root = mountOf((type) => type === "cgroup2");
  const files = [
    ["pids.max", processes],
    ["memory.max", memory],
    ["memory.swap.max", 0],
  ] as const;
  return root === undefined ? [] : [{ parent: root, files }];
}

/** This process's group of a controller of version 1. */
function ownGroup(controller: string): string | undefined {
  const lines = readFileSync("/proc/self/cgroup", "utf8")
    .split("\n")
    .map((line) => line.split(":"));
  const path = lines.find(([, names]) => names?.split(",").includes(controller))?.[2];
  const mount = mountOf((type, options) => type === "cgroup" && options.includes(controller));
  const own = path === undefined || mount === undefined ? undefined : join(mount, path);
  // In a container the mount may show a part of the tree only, in which the path means nothing.
  return own !== undefined && existsSync(own) ? own : mount;
}

function mountOf(isWanted: (type: string, options: readonly string[]) => boolean): string | undefined {
  const lines = readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" "));
  return lines.find(([, , type = "", options = ""]) => isWanted(type, options.split(",")))?.[1];
}

/** Groups of casts that were killed: the kernel has ended all in them by now, or will when the last is gone. */
function removeStale(parent: string): void {
  for (const name of readdirSync(parent).filter((one) => one.startsWith(prefix))) {
    if (existsSync(`/proc/${name.slice(prefix.length).split("-")[0]}`)) continue;
    try {
      // One that was made just now may be of a process that is not seen from here, and be empty still.
      if (Date.now() - statSync(join(parent, name)).ctimeMs < 60_000) continue;
      rmdirSync(join(parent, name));
    } catch (error) {
      // Another removed it, or somebody in it is still ending: the next cast tries again.
      if (!isErrno(error, "EBUSY") && !isErrno(error, "ENOENT")) throw error;
    }
  }
}

function limitsMet(folder: string, { processes, memory }: ScriptLimits): readonly string[] {
  const isMet = (file: string, pattern: RegExp) => {
    const path = join(folder, file);
    return existsSync(path) && Number(pattern.exec(readFileSync(path, "utf8"))?.[1] ?? 0) > 0;
  };
  return [
    ...(isMet("pids.events", /^max (\d+)/m)
      ? [`the limit of ${processes} processes was met; INGOT_SCRIPT_PROCESSES raises it`]
      : []),
    ...(isMet("memory.oom_control", /^oom_kill (\d+)/m) || isMet("memory.events", /^oom_kill (\d+)/m)
      ? [`the limit of ${memory} bytes of memory was met; INGOT_SCRIPT_MEMORY raises it`]
      : []),
  ];
}

/** The last in it may still be ending; one that cannot be removed yet is left to the next cast. */
async function removeGroup(folder: string): Promise<void> {
  for (let turn = 0; turn < 100; turn += 1) {
    try {
      return rmdirSync(folder);
    } catch (error) {
      if (isErrno(error, "ENOENT")) return;
      if (!isErrno(error, "EBUSY")) throw error;
      await sleep(10);
    }
  }
}

function isRefusal(error: unknown): boolean {
  return (["EACCES", "EPERM", "EROFS", "ENOENT", "EBUSY", "EOPNOTSUPP"] as const).some((code) => isErrno(error, code));
}
