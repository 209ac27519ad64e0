import { readdirSync, readlinkSync } from "node:fs";
import { isErrno } from "../../ground/error.ts";
import { freezerGroupOf, groupsOf, moveInto, moveIntoCgroup, type Hierarchies } from "./freeze-cgroup.ts";

/** An instance as far as it is known by its namespaces and its group. */
export type Holder = { readonly pid: number; readonly cgroup: string };

/**
 * Puts processes that came into an instance from the host, and are not in the group that is frozen, into its groups, so that they are frozen and end with it: a group is frozen as a whole, and who enters by
 * `setns` keeps the group that it had. Theirs are its namespaces of files or processes; a process that only shares its network is one of the host that looks at it, and is left alone, as is everything
 * in a namespace that this process itself is in, and everything in a group of another instance. Returns their numbers.
 */
export function catchStrays(hierarchies: Hierarchies, of: Holder, others: ReadonlySet<string>): readonly number[] {
  const search = { of, others, inside: ownNamespaces(of.pid) };
  if (search.inside.length === 0) return [];
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => isStray(hierarchies, pid, search) && hold(hierarchies, pid, search));
}

const kinds = ["mnt", "pid"] as const;

/** `mnt:[4026532345]` …: those that the host's processes are not in. Of an instance that shares one with the host, nobody in it could be told from the host. */
function ownNamespaces(pid: number): readonly string[] {
  const hosts = new Set(namespacesOf(process.pid));
  return namespacesOf(pid).filter((namespace) => !hosts.has(namespace));
}

function namespacesOf(pid: number): readonly string[] {
  return kinds.flatMap((kind) => read(() => readlinkSync(`/proc/${pid}/ns/${kind}`)) ?? []);
}

type Search = { readonly of: Holder; readonly inside: readonly string[]; readonly others: ReadonlySet<string> };

function isStray(hierarchies: Hierarchies, pid: number, { of, inside, others }: Search): boolean {
  if (pid === process.pid || !isInside(pid, inside)) return false;
  // Attack: one that puts itself into a single group of the instance, such as that of its memory, is not frozen with it.
  const group = freezerGroupOf(hierarchies, pid);
  return group !== undefined && ![of.cgroup, ...others].some((own) => group === own || group.startsWith(`${own}/`));
}

function isInside(pid: number, inside: readonly string[]): boolean {
  return namespacesOf(pid).some((namespace) => inside.includes(namespace));
}

/**
 * A number may mean another process by now. It is looked at once more when it is in the group, where it can neither run nor end: one that is of the host after all goes back to where it was. What the
 * kernel does not move is stopped by a signal, which its parent could undo.
 */
function hold(hierarchies: Hierarchies, pid: number, { of, inside }: Search): boolean {
  const before = groupsOf(hierarchies, pid);
  if (!moveIntoCgroup(hierarchies, of.cgroup, pid)) return isInside(pid, inside) && stop(pid);
  if (isInside(pid, inside)) return true;
  for (const [hierarchy, group] of before ?? []) moveInto(hierarchy, group, pid);
  return false;
}

function stop(pid: number): boolean {
  try {
    return process.kill(pid, "SIGSTOP");
  } catch (error) {
    if (isErrno(error, "ESRCH") || isErrno(error, "EPERM")) return false;
    throw error;
  }
}

/** Undefined for a process that is gone, and for one of the kernel's own. */
function read(look: () => string): string | undefined {
  try {
    return look();
  } catch (error) {
    if (["ENOENT", "ESRCH", "EACCES"].some((code) => isErrno(error, code))) return undefined;
    throw error;
  }
}
