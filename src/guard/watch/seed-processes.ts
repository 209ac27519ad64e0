import { processesOf, type Hierarchies } from "../response/freeze-cgroup.ts";
import type { Desk } from "./desk.ts";
import { handleEntry } from "./handle-entry.ts";
import { readStatus } from "./read-process.ts";
import { listThreads, type Watch } from "./watch.ts";

/**
 * Makes every process of an instance known and followed. Repeated until nothing new is there: what was made while the list was read is in the next one, and what a followed process makes is told by the
 * kernel.
 */
export function seedProcesses(desk: Desk, hierarchies: Hierarchies, watch: Watch): void {
  const { id, cgroup, pid: first } = watch.instance;
  for (let rounds = 0; rounds < 20; rounds += 1) {
    const pids = [...new Set([first, ...processesOf(hierarchies, cgroup)])];
    const fresh = pids
      .flatMap((pid) => [pid, ...listThreads(pid)])
      .filter((pid) => desk.table.get(pid)?.instance !== id);
    if (fresh.length === 0) return;
    for (const pid of new Set(fresh)) addKnown(desk, watch, pid);
    desk.follow(fresh);
  }
}

/** One whose parents do not lead to the instance's first process came from the host, before anybody looked. */
function addKnown(desk: Desk, watch: Watch, pid: number): void {
  if (isDescendant(watch, pid)) {
    desk.table.add(pid, { instance: watch.instance.id, origin: "inside" });
    return;
  }
  handleEntry(desk, watch, {
    pid,
    how: "is in the instance's cgroup and comes from the host",
    seen: desk.now(),
    sensor: "sweep",
  });
}

/** An orphan of the instance has its first process as its parent, so that the way always leads there (pid_namespaces(7)). */
export function isDescendant({ instance }: Watch, pid: number): boolean {
  for (let at = pid, steps = 0; steps < 4096; steps += 1) {
    if (at === instance.pid) return true;
    const status = readStatus(at);
    // A thread, and one that has ended while it was looked at: nothing says that it is foreign.
    if (status === undefined) return true;
    const group = Number(status.field("Tgid"));
    at = group === at ? status.parent : group;
    if (at === 0 || at === 1) return at === instance.pid;
  }
  return false;
}
