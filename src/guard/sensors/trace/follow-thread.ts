import { writeFileSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { runFirst } from "../../../ground/libc.ts";

/** Given by `follower.ts`. `path`: `set_event_pid` of a trace instance. */
const { path, isUrgent } = workerData as { readonly path: string; readonly isUrgent: boolean };

if (isUrgent) runFirst();

parentPort?.on("message", ({ id, pids }: { readonly id: number; readonly pids: readonly number[] }) => {
  // Appended: the kernel adds the numbers to those that it has.
  writeFileSync(path, pids.join(" "), { flag: "a" });
  parentPort?.postMessage(id);
});
