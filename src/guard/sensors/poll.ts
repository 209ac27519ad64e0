import { processesOf, type Hierarchies } from "../response/freeze-cgroup.ts";
import type { Desk } from "../watch/desk.ts";
import { handleExecution } from "../watch/handle-execution.ts";
import { readProgram } from "../watch/read-process.ts";
import { addUnknown } from "../watch/seed-processes.ts";

/** Milliseconds between two looks. What lives for less than that may not be seen. */
export const pollInterval = 250;

/** Looks who is in each instance and what they run, where the kernel does not tell. Returns what ends it. */
export function pollProcesses(desk: Desk, hierarchies: Hierarchies): () => void {
  const programs = new Map<number, string>();
  const timer = setInterval(() => pollOnce(desk, hierarchies, programs), pollInterval);
  timer.unref();
  return () => clearInterval(timer);
}

function pollOnce(desk: Desk, hierarchies: Hierarchies, programs: Map<number, string>): void {
  const living = new Set<number>();
  for (const watch of desk.watches.values()) {
    const pids = processesOf(hierarchies, watch.instance.cgroup);
    for (const { pid } of desk.table.listOf(watch.instance.id)) if (!pids.includes(pid)) desk.table.end(pid);
    void desk.follow(addUnknown(desk, hierarchies, watch));
    for (const pid of pids) {
      living.add(pid);
      const link = readProgram(pid)?.link;
      const process = desk.table.get(pid);
      if (link === undefined || process === undefined || programs.get(pid) === link) continue;
      programs.set(pid, link);
      handleExecution(desk, process, { filename: link.replace(/ \(deleted\)$/, ""), seen: desk.now(), sensor: "poll" });
    }
  }
  for (const pid of programs.keys()) if (!living.has(pid)) programs.delete(pid);
}
