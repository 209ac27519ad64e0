import { readdirSync } from "node:fs";
import type { InstanceId } from "../../../runtime/runtime.ts";
import { findEntered } from "../../watch/handle-trace.ts";
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
