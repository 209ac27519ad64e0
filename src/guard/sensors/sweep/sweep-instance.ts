import { existsSync } from "node:fs";
import type { Drift } from "../../guard.ts";
import { processesOf, type Hierarchies } from "../../response/freeze-cgroup.ts";
import type { Desk } from "../../watch/desk.ts";
import { handleEntry } from "../../watch/handle-entry.ts";
import { addUnknown } from "../../watch/seed-processes.ts";
import type { Watch } from "../../watch/watch.ts";
import { checkMounts } from "../mounts.ts";
import { checkProcess } from "./check-process.ts";
import { keepStrays } from "./find-strays.ts";

export type SweepOptions = {
  readonly hierarchies: Hierarchies;
  /** Processes of the host that are in the instance's namespaces. */
  readonly strays: readonly number[];
  readonly sensor: Drift["sensor"];
};

/** Looks at every process of an instance, at its mounts, and at who is in its namespaces without being one of its own. */
export function sweepInstance(
  desk: Desk,
  watch: Watch,
  { hierarchies, strays, sensor }: SweepOptions,
): readonly Drift[] {
  const { id, cgroup, pid: first } = watch.instance;
  // What the kernel could not tell of (its buffer was full) must not stay: the number may be another process's by now.
  for (const { pid } of desk.table.listOf(id)) if (!existsSync(`/proc/${pid}`)) desk.table.end(pid);
  void desk.follow(addUnknown(desk, hierarchies, watch));
  const members = new Set([first, ...processesOf(hierarchies, cgroup)]);
  const others = keepStrays(watch, strays, members);
  for (const pid of others)
    handleEntry(desk, watch, {
      pid,
      how: "is in the instance's namespaces and comes from the host",
      seen: desk.now(),
      sensor: "sweep",
    });
  const drifts = [...members, ...others].flatMap((pid) =>
    checkProcess(desk, watch, pid, { sensor, isMember: members.has(pid) }),
  );
  return [...checkMounts(desk, watch, sensor), ...drifts];
}
