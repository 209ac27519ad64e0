import { readFileSync, writeFileSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { runFirst } from "../../../ground/libc.ts";

/** Given by `follower.ts`. `path`: `set_event_pid` of a trace instance. */
const { path, isUrgent } = workerData as { readonly path: string; readonly isUrgent: boolean };

if (isUrgent) runFirst();

parentPort?.on("message", ({ id, pids }: { readonly id: number; readonly pids: readonly number[] }) => {
  // The kernel makes a new list for each write, and forgets whoever is made by a process of the former one in that very moment: it is asked to only where somebody is not in it yet.
  const known = new Set(readFileSync(path, "utf8").split("\n"));
  const fresh = pids.filter((pid) => !known.has(String(pid)));
  // Appended: the kernel adds the numbers to those that it has.
  if (fresh.length > 0) writeFileSync(path, fresh.join(" "), { flag: "a" });
  parentPort?.postMessage(id);
});
