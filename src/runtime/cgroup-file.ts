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
  const mount = readMounts().find((entry) => isMountOf(entry, version1 === undefined ? undefined : controller));
  if (group === undefined || mount === undefined || file === undefined) return undefined;
  return join(mount.target, group.path.slice(mount.root === "/" ? 0 : mount.root.length), file);
}

function parseGroup(line: string): { controllers: readonly string[]; path: string } {
  const [, controllers = "", ...path] = line.split(":");
  return { controllers: controllers.split(",").filter(Boolean), path: path.join(":") };
}

function isMountOf(entry: MountEntry, controller: string | undefined): boolean {
  if (controller === undefined) return entry.type === "cgroup2";
  return entry.type === "cgroup" && entry.superOptions.includes(controller);
}
