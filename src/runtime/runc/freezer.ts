import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { IngotError, isErrno } from "../../ground/error.ts";
import { readMounts } from "../mount-table.ts";

/** The switch of a cgroup that stops all its processes where they are, in the words of its version (freezer-subsystem.rst, cgroup-v2.rst of Linux). */
type Freezer = {
  readonly folder: string;
  readonly file: string;
  readonly frozen: string;
  readonly thawed: string;
  /** What says that the last of them has stopped. */
  readonly state: { readonly file: string; readonly frozen: RegExp };
};

const patience = 5000;

/** Resolves once no process of the group runs any more; one that is frozen already stays so. */
export async function freezeGroup(cgroup: string): Promise<void> {
  const freezer = freezerOf(cgroup);
  for (const deadline = Date.now() + patience; ; await sleep(1)) {
    // Version 1 tries again at each write: a process that was being made at the first is in the group by now.
    writeFileSync(join(freezer.folder, freezer.file), freezer.frozen);
    if (isFrozen(freezer)) return;
    if (Date.now() > deadline) {
      throw new IngotError("instance-not-frozen", `${cgroup} was not frozen within ${patience / 1000} s`, {
        hint: "a process of it waits for the host's kernel; ingot stop ends the instance",
      });
    }
  }
}

export function thawGroup(cgroup: string): void {
  const freezer = freezerOf(cgroup);
  writeFileSync(join(freezer.folder, freezer.file), freezer.thawed);
}

/** False as well for a group that is gone. */
export function isGroupFrozen(cgroup: string): boolean {
  return isFrozen(freezerOf(cgroup));
}

/** SIGKILL for each process of the group, frozen or not. */
export function killGroup(cgroup: string): void {
  killListed(join(freezerOf(cgroup).folder, "cgroup.procs"));
}

function isFrozen({ folder, state }: Freezer): boolean {
  return state.frozen.test(readOrEmpty(join(folder, state.file)));
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

function freezerOf(cgroup: string): Freezer {
  hierarchy ??= findHierarchy();
  const { version, root } = hierarchy;
  const folder = join(root, cgroup);
  if (version === 2) {
    const state = { file: "cgroup.events", frozen: /^frozen 1$/m };
    return { folder, file: "cgroup.freeze", frozen: "1", thawed: "0", state };
  }
  const state = { file: "freezer.state", frozen: /^FROZEN$/m };
  return { folder, file: "freezer.state", frozen: "FROZEN", thawed: "THAWED", state };
}

/** A host does not change it while it runs. */
let hierarchy: { readonly version: 1 | 2; readonly root: string } | undefined;

function findHierarchy(): { version: 1 | 2; root: string } {
  const mounts = readMounts().filter(({ target }) => existsSync(target));
  const first = mounts.find(({ type, superOptions }) => type === "cgroup" && superOptions.includes("freezer"));
  if (first !== undefined) return { version: 1, root: first.target };
  const second = mounts.find(({ type }) => type === "cgroup2");
  if (second !== undefined) return { version: 2, root: second.target };
  throw new IngotError("runtime-unsupported", "this host has no cgroups that can be frozen", {
    hint: "mount the cgroup file system, version 2 or the freezer of version 1",
  });
}
