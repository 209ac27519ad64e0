import type { InstanceId } from "../../runtime/runtime.ts";
import type { Drift } from "../guard.ts";
import type { Hierarchies } from "../response/freeze-cgroup.ts";
import type { Desk } from "../watch/desk.ts";
import type { Watch } from "../watch/watch.ts";
import { watchFiles, type FileWatch } from "./files/watch-files.ts";
import { watchMounts } from "./mounts.ts";
import { findInside } from "./sweep/find-strays.ts";
import { sweepInstance } from "./sweep/sweep-instance.ts";
import type { FileWaiter } from "./trace/file-waiter.ts";

/** What looks after each instance by itself: its mounts and the folders that it may write to. */
export type LookAfter = {
  readonly begin: (watch: Watch) => void;
  readonly end: (id: InstanceId) => void;
  readonly scanFiles: (watch: Watch) => readonly Drift[];
  /** Everything but the content, now. */
  readonly lookAll: (watch: Watch) => readonly Drift[];
  readonly close: () => void;
};

export function openLookAfter(desk: Desk, waiter: FileWaiter, hierarchies: Hierarchies): LookAfter {
  const parts = new Map<InstanceId, { readonly files: FileWatch; readonly endMounts: () => void }>();
  const end = (id: InstanceId): void => {
    parts.get(id)?.endMounts();
    parts.get(id)?.files.close();
    parts.delete(id);
  };
  const scanFiles = ({ instance }: Watch): readonly Drift[] => parts.get(instance.id)?.files.scan() ?? [];
  return {
    begin: (watch) => {
      const endMounts = watchMounts(desk, waiter, watch);
      parts.set(watch.instance.id, { files: watchFiles(desk, watch), endMounts });
    },
    end,
    scanFiles,
    lookAll: (watch) => {
      const strays = findInside([watch]).get(watch.instance.id) ?? [];
      return [...sweepInstance(desk, watch, { hierarchies, strays, sensor: "sweep" }), ...scanFiles(watch)];
    },
    close: () => {
      for (const id of parts.keys()) end(id);
    },
  };
}
