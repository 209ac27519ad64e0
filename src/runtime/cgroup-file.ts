import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readMounts, type MountEntry } from "./mount-table.ts";

/** The same setting has another file in each version of cgroups; some exist in one only. */
export type CgroupFiles = { readonly v1?: string; readonly v2?: string };

/** The path of a file of the control group that a process is really in; undefined where this version has no such file. */
export function cgroupFile(pid: number, controller: string, files: CgroupFiles): string | undefined {
  const groups = readFileSync(`/proc/${pid}/cgroup`, "utf8").trimEnd().split("\n").map(parseGroup);
  const version1 = groups.find((group) => group.controllers.includes(controller));
  const group = version1 ?? groups.find(({ controllers }) => controllers.length === 0);
  const file = version1 === undefined ? files.v2 : files.v1;
  const mount = groupMounts().find((entry) => isMountOf(entry, version1 === undefined ? undefined : controller));
  if (group === undefined || mount === undefined || file === undefined) return undefined;
  return join(mount.target, group.path.slice(mount.root === "/" ? 0 : mount.root.length), file);
}

/** The path of a file of the group `cgroup`, whether or not a process is in it; undefined where this host's version has no such file. */
export function groupFile(cgroup: string, controller: string, files: CgroupFiles): string | undefined {
  const hierarchy = hierarchies.get(controller) ?? findHierarchy(controller);
  if (hierarchy !== undefined) hierarchies.set(controller, hierarchy);
  const file = hierarchy === undefined ? undefined : files[hierarchy.version];
  return hierarchy === undefined || file === undefined ? undefined : join(hierarchy.root, cgroup, file);
}

type Hierarchy = { readonly version: "v1" | "v2"; readonly root: string };

/** By controller. A host does not change them while it runs. */
const hierarchies = new Map<string, Hierarchy>();

/** Neither these: and to read them again for each setting of an instance would be most of its verification. */
let mountsOfGroups: readonly MountEntry[] | undefined;

function groupMounts(): readonly MountEntry[] {
  mountsOfGroups ??= readMounts().filter(({ type }) => type === "cgroup" || type === "cgroup2");
  return mountsOfGroups;
}

function findHierarchy(controller: string): Hierarchy | undefined {
  const mounts = groupMounts();
  const version1 = mounts.find((entry) => isMountOf(entry, controller));
  if (version1 !== undefined) return { version: "v1", root: version1.target };
  const version2 = mounts.find((entry) => isMountOf(entry, undefined));
  return version2 === undefined ? undefined : { version: "v2", root: version2.target };
}

function parseGroup(line: string): { controllers: readonly string[]; path: string } {
  const [, controllers = "", ...path] = line.split(":");
  return { controllers: controllers.split(",").filter(Boolean), path: path.join(":") };
}

function isMountOf(entry: MountEntry, controller: string | undefined): boolean {
  if (controller === undefined) return entry.type === "cgroup2";
  return entry.type === "cgroup" && entry.superOptions.includes(controller);
}
