import { readdirSync } from "node:fs";
import type { InstanceId } from "../../../runtime/runtime.ts";
import { findEntered } from "../../watch/handle-trace.ts";
import { readStatus } from "../../watch/read-process.ts";
import type { Watch } from "../../watch/watch.ts";

/** For each instance, every process of the host that is in its namespaces of files or processes, by one look through all of /proc. */
export function findInside(watches: readonly Watch[]): ReadonlyMap<InstanceId, readonly number[]> {
  const found = new Map<InstanceId, number[]>();
  if (watches.length === 0) return found;
  const pids = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  for (const watch of watches) found.set(watch.instance.id, []);
  for (const pid of pids) {
    const watch = findEntered(watches, pid);
    if (watch !== undefined) found.get(watch.instance.id)?.push(pid);
  }
  return found;
}

/**
 * Who of those that a look through /proc found is there still, and is none of the instance's. That look may be seconds old: a process of the instance may have ended since then, and its number be another's. `members` is
 * read after that look: whoever lives through both, and is not among them, never was one.
 */
export function keepStrays(watch: Watch, found: readonly number[], members: ReadonlySet<number>): readonly number[] {
  return found.filter((pid) => !members.has(pid) && isAlive(pid) && findEntered([watch], pid) !== undefined);
}

/** What has ended and was not waited for keeps its namespace of processes, and is in no cgroup's list any more. */
function isAlive(pid: number): boolean {
  const status = readStatus(pid);
  return status !== undefined && !/^[ZX]/.test(status.field("State"));
}
