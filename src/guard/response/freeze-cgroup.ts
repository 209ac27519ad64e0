import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isErrno } from "../../ground/error.ts";
import { readMounts, type MountEntry } from "../../runtime/mount-table.ts";

/** A hierarchy of control groups that is mounted here, and the group of the host that its mount shows as its top. */
export type Hierarchy = {
  readonly mount: string;
  readonly top: string;
  readonly isVersion2: boolean;
  /** By which `/proc/PID/cgroup` names it: `freezer`, `name=systemd`; none for version 2. */
  readonly names: readonly string[];
};

/** The hierarchies of this host; `freezer`: the one by which groups are frozen. */
export type Hierarchies = { readonly all: readonly Hierarchy[]; readonly freezer?: Hierarchy };

/** Version 1 where the freezer is there: on a hybrid host the processes of an instance are in both, and version 2 may have no group of it. */
export function findHierarchies(mounts: readonly MountEntry[] = readMounts()): Hierarchies {
  const found = mounts.filter(({ type }) => type === "cgroup" || type === "cgroup2");
  const all = found.map(toHierarchy);
  const version1 = found.find(({ type, superOptions }) => type === "cgroup" && superOptions.includes("freezer"));
  const freezer = version1 === undefined ? all.find(({ isVersion2 }) => isVersion2) : toHierarchy(version1);
  return { all, ...(freezer === undefined ? {} : { freezer }) };
}

/**
 * Stops every process of a group where it is. One write to a file of the kernel: nothing is started and nothing waited for; processes that are in the middle of a system call stop with its end. False
 * where there is no such group any more.
 */
export function freezeCgroup({ freezer }: Hierarchies, cgroup: string): boolean {
  return writeFreezer(freezer, cgroup, { version1: "FROZEN", version2: "1" });
}

/** False where there is no such group any more. */
export function thawCgroup({ freezer }: Hierarchies, cgroup: string): boolean {
  return writeFreezer(freezer, cgroup, { version1: "THAWED", version2: "0" });
}

/** `freezing`: it was told to, and a process in the middle of a system call has not stopped yet. */
export function freezerState({ freezer }: Hierarchies, cgroup: string): FreezerState {
  if (freezer === undefined || !isPartOfHost(cgroup)) return "gone";
  const folder = folderOf(freezer, cgroup);
  if (!freezer.isVersion2) return version1States.get(readOrNothing(join(folder, "freezer.state"))?.trim()) ?? "gone";
  const events = readOrNothing(join(folder, "cgroup.events"));
  if (events === undefined) return "gone";
  if (/^frozen 1$/m.test(events)) return "frozen";
  return readOrNothing(join(folder, "cgroup.freeze"))?.trim() === "1" ? "freezing" : "thawed";
}

export type FreezerState = "frozen" | "freezing" | "thawed" | "gone";

const version1States: ReadonlyMap<string | undefined, FreezerState> = new Map([
  ["FROZEN", "frozen"],
  ["FREEZING", "freezing"],
  ["THAWED", "thawed"],
]);

/** Numbers of its processes; empty where there is no such group. */
export function processesOf({ freezer }: Hierarchies, cgroup: string): readonly number[] {
  if (freezer === undefined || !isPartOfHost(cgroup)) return [];
  const list = readOrNothing(join(folderOf(freezer, cgroup), "cgroup.procs")) ?? "";
  return list.split("\n").filter(Boolean).map(Number);
}

/** Which group a process is in, in each hierarchy; undefined for a process that is gone. */
export function groupsOf({ all }: Hierarchies, pid: number): ReadonlyMap<Hierarchy, string> | undefined {
  const list = readOrNothing(`/proc/${pid}/cgroup`);
  if (list === undefined) return undefined;
  const groups = new Map<Hierarchy, string>();
  for (const line of list.trimEnd().split("\n")) {
    const [, names = "", ...path] = line.split(":");
    const wanted = names.split(",").filter(Boolean);
    const hierarchy = all.find((one) =>
      wanted.length === 0 ? one.isVersion2 : !one.isVersion2 && wanted.every((name) => one.names.includes(name)),
    );
    if (hierarchy !== undefined) groups.set(hierarchy, path.join(":"));
  }
  return groups;
}

/** Which group a process is frozen with; undefined for a process that is gone. */
export function freezerGroupOf(hierarchies: Hierarchies, pid: number): string | undefined {
  const groups = groupsOf(hierarchies, pid) ?? new Map<Hierarchy, string>();
  return [...groups].find(([{ mount }]) => mount === hierarchies.freezer?.mount)?.[1];
}

/** Puts a process into a group, wherever a hierarchy has one of that name; true where it is in the one that is frozen. */
export function moveIntoCgroup({ all, freezer }: Hierarchies, cgroup: string, pid: number): boolean {
  if (!isPartOfHost(cgroup)) return false;
  const moved = all.filter((hierarchy) => moveInto(hierarchy, cgroup, pid));
  return moved.some(({ mount }) => mount === freezer?.mount);
}

/** Puts a process into one group of one hierarchy, which may be its top. */
export function moveInto(hierarchy: Hierarchy, cgroup: string, pid: number): boolean {
  return writeUnlessGone(join(folderOf(hierarchy, cgroup), "cgroup.procs"), String(pid));
}

function writeFreezer(
  freezer: Hierarchy | undefined,
  cgroup: string,
  values: { readonly version1: string; readonly version2: string },
): boolean {
  if (freezer === undefined || !isPartOfHost(cgroup)) return false;
  const folder = folderOf(freezer, cgroup);
  return freezer.isVersion2
    ? writeUnlessGone(join(folder, "cgroup.freeze"), values.version2)
    : writeUnlessGone(join(folder, "freezer.state"), values.version1);
}

/** Attack, or a mistake: a group that is the whole host's, or that leads out of the hierarchy. Freezing it would stop this machine. */
function isPartOfHost(cgroup: string): boolean {
  const parts = cgroup.split("/").slice(1);
  return (
    cgroup.startsWith("/") && parts.length > 0 && !parts.some((part) => part === "" || part === "." || part === "..")
  );
}

function folderOf({ mount, top }: Hierarchy, cgroup: string): string {
  const isBelow = top !== "/" && (cgroup === top || cgroup.startsWith(`${top}/`));
  return join(mount, isBelow ? cgroup.slice(top.length) : cgroup);
}

function toHierarchy({ target, root, type, superOptions }: MountEntry): Hierarchy {
  const isVersion2 = type === "cgroup2";
  return { mount: target, top: root, isVersion2, names: isVersion2 ? [] : superOptions };
}

/** ESRCH: the process has ended. EOPNOTSUPP, EBUSY, EINVAL: a hierarchy that takes no such process; the others may. */
function writeUnlessGone(path: string, value: string): boolean {
  try {
    // Without O_CREAT: a group that is gone must not come back as a file.
    writeFileSync(path, value, { flag: "r+" });
    return true;
  } catch (error) {
    const refusals = ["ENOENT", "ENODEV", "ESRCH", "EOPNOTSUPP", "EBUSY", "EINVAL", "ENOSPC"];
    if (refusals.some((code) => isErrno(error, code))) return false;
    throw error;
  }
}

function readOrNothing(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (isErrno(error, "ENOENT") || isErrno(error, "ENODEV") || isErrno(error, "ESRCH")) return undefined;
    throw error;
  }
}
