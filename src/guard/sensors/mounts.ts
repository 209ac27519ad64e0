import { closeSync, openSync } from "node:fs";
import { judgeMounts } from "../verdict/judge-mounts.ts";
import { readMounts } from "../../runtime/mount-table.ts";
import type { Drift } from "../guard.ts";
import type { Desk } from "../watch/desk.ts";
import { unlessEnded } from "../watch/read-process.ts";
import type { Watch } from "../watch/watch.ts";
import type { FileWaiter } from "./trace/file-waiter.ts";

/** Has the kernel tell when the mounts of an instance change (POLLPRI of its mountinfo). Returns what ends that. */
export function watchMounts(desk: Desk, waiter: FileWaiter, watch: Watch): () => void {
  const file = unlessEnded(() => openSync(`/proc/${watch.instance.pid}/mountinfo`, "r"));
  if (file === undefined) return () => {};
  waiter.add(file, "change", () => void checkMounts(desk, watch, "trace"));
  return () => {
    waiter.remove(file);
    closeSync(file);
  };
}

/** Compares the mounts with those that the instance started with. */
export function checkMounts(desk: Desk, watch: Watch, sensor: Drift["sensor"]): readonly Drift[] {
  const now = unlessEnded(() => readMounts(watch.instance.pid));
  // A process that is ending has none any more.
  if (now === undefined || now.length === 0) return [];
  return desk.report(watch, judgeMounts(watch.baseline.mounts, now), { sensor });
}
