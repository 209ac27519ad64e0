import { existsSync } from "node:fs";
import { processesOf, type Hierarchies } from "../response/freeze-cgroup.ts";
import type { Desk } from "./desk.ts";
import { handleEntry } from "./handle-entry.ts";
import { readStatus } from "./read-process.ts";
import { listThreads, type Watch } from "./watch.ts";

/**
 * Makes every process of these instances known and followed. Repeated until nothing new is there: what was made while the list was read is in the next one, and what a followed process makes is told by the
 * kernel.
 */
export async function seedProcesses(desk: Desk, hierarchies: Hierarchies, watches: readonly Watch[]): Promise<void> {
  for (let rounds = 0; rounds < 20; rounds += 1) {
    const fresh = watches.flatMap((watch) => addUnknown(desk, hierarchies, watch));
    if (fresh.length === 0) return;
    await desk.follow(fresh);
  }
}

/** Makes those known that are not; returns the numbers of them and their threads, which nobody follows yet. */
export function addUnknown(desk: Desk, hierarchies: Hierarchies, watch: Watch): readonly number[] {
  const { id, cgroup, pid: first } = watch.instance;
  const pids = [...new Set([first, ...processesOf(hierarchies, cgroup)])];
  const all = new Set(pids.flatMap((pid) => [pid, ...listThreads(pid)]));
  desk.drain();
  const fresh = [...all].filter((pid) => desk.table.get(pid)?.instance !== id && !hasEnded(pid));
  for (const pid of fresh) addKnown(desk, watch, pid);
  return fresh;
}

/**
 * Who came together with a process that came from the host, and was made before the kernel followed that one. Once the runtime is gone, the parent of who it brought is the instance's first process
 * (pid_namespaces(7)), so that the way up says nothing: whoever nobody told of counts as come, until the kernel tells that a process of the instance made it.
 */
export function addCompanions(desk: Desk, hierarchies: Hierarchies, watch: Watch): readonly number[] {
  const { id, cgroup, pid: first } = watch.instance;
  const all = processesOf(hierarchies, cgroup);
  // Otherwise what a process of the instance made a moment ago would be taken for a companion.
  desk.drain();
  const fresh = all.filter((pid) => pid !== first && desk.table.get(pid)?.instance !== id && !hasEnded(pid));
  for (const pid of fresh) {
    const parent = readStatus(pid)?.parent ?? 0;
    const isInside = parent !== first && isKnown(desk, watch, parent);
    desk.table.add(pid, { instance: id, origin: isInside ? "inside" : "host" });
    if (!isInside && desk.expectations.isOpen(id)) desk.arriving.set(pid, id);
  }
  return fresh;
}

/** One whose parents do not lead to the instance's first process came from the host, before anybody looked. */
function addKnown(desk: Desk, watch: Watch, pid: number): void {
  if (isDescendant(desk, watch, pid)) {
    desk.table.add(pid, { instance: watch.instance.id, origin: "inside" });
    return;
  }
  const how = "is in the instance's cgroup and comes from the host";
  handleEntry(desk, watch, { pid, how, seen: desk.now(), sensor: "sweep" });
}

/** The kernel tells of an end when the memory is gone, and the number stays for a while; threads that live on without the first one have memory. */
function hasEnded(pid: number): boolean {
  return !existsSync(`/proc/${pid}/exe`);
}

/** One of the instance's, or one that came and was told of or announced then: what it makes needs no leave of its own. */
function isKnown(desk: Desk, { instance }: Watch, pid: number): boolean {
  return desk.table.get(pid)?.instance === instance.id && !desk.arriving.has(pid);
}

/**
 * An orphan of the instance has its first process as its parent, so that the way always leads there (pid_namespaces(7)). While the kernel is told to follow one more
 * it may forget one that is made in that very moment: that one is found by its parent.
 */
function isDescendant(desk: Desk, watch: Watch, pid: number): boolean {
  const { instance } = watch;
  for (let at = pid, steps = 0; steps < 4096; steps += 1) {
    if (at === instance.pid || (at !== pid && isKnown(desk, watch, at))) return true;
    const status = readStatus(at);
    // One that has ended while it was looked at: nothing says that it is foreign.
    if (status === undefined) return true;
    const group = Number(status.field("Tgid"));
    at = group === at ? status.parent : group;
    if (at === 0 || at === 1) return at === instance.pid;
  }
  return false;
}
