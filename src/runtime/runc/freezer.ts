import { readFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { IngotError, isErrno } from "../../ground/error.ts";
import { groupFile, type CgroupFiles } from "../cgroup-file.ts";

/** The switch of a cgroup that stops all its processes where they are (freezer-subsystem.rst and cgroup-v2.rst of Linux). */
const switches = { v1: "freezer.state", v2: "cgroup.freeze" } as const;
/** What says that the last of them has stopped. */
const states = { v1: "freezer.state", v2: "cgroup.events" } as const;

const patience = 5000;

/** Resolves once no process of the group runs any more; one that is frozen already stays so. */
export async function freezeGroup(cgroup: string): Promise<void> {
  const path = freezerFile(cgroup, switches);
  for (const deadline = Date.now() + patience; ; await sleep(1)) {
    // Version 1 tries again at each write: a process that was being made at the first is in the group by now.
    writeFileSync(path, isVersion1(path) ? "FROZEN" : "1");
    if (isGroupFrozen(cgroup)) return;
    if (Date.now() > deadline) {
      throw new IngotError("instance-not-frozen", `${cgroup} was not frozen within ${patience / 1000} s`, {
        hint: "a process of it waits for the host's kernel; ingot stop ends the instance",
      });
    }
  }
}

export function thawGroup(cgroup: string): void {
  const path = freezerFile(cgroup, switches);
  writeFileSync(path, isVersion1(path) ? "THAWED" : "0");
}

/** False as well for a group that is gone. */
export function isGroupFrozen(cgroup: string): boolean {
  return /^(FROZEN|frozen 1)$/m.test(readOrEmpty(freezerFile(cgroup, states)));
}

/** SIGKILL for each process of the group, frozen or not. */
export function killGroup(cgroup: string): void {
  killListed(freezerFile(cgroup, { v1: "cgroup.procs", v2: "cgroup.procs" }));
}

/** Returns how many processes there were. `path`: a `cgroup.procs`. */
export function killListed(path: string): number {
  // 0: a process that this one's process namespace does not show. Given to kill(2), it would mean this one's own group.
  const pids = readOrEmpty(path)
    .split("\n")
    .map(Number)
    .filter((pid) => pid > 0);
  for (const pid of pids) {
    try {
      process.kill(pid, "SIGKILL");
    } catch (error) {
      if (!isErrno(error, "ESRCH")) throw error;
    }
  }
  return pids.length;
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    // ENODEV: the group is removed while its file is read.
    if (isErrno(error, "ENOENT") || isErrno(error, "ENODEV")) return "";
    throw error;
  }
}

function freezerFile(cgroup: string, files: CgroupFiles): string {
  const path = groupFile(cgroup, "freezer", files);
  if (path !== undefined) return path;
  throw new IngotError("runtime-unsupported", "this host has no cgroups that can be frozen", {
    hint: "mount the cgroup file system, version 2 or the freezer of version 1",
  });
}

function isVersion1(path: string): boolean {
  return path.endsWith(switches.v1);
}
