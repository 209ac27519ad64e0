import type { RuntimePaths } from "../paths.ts";
import type { InstanceId } from "../runtime.ts";
import { freezeGroup, isGroupFrozen, killGroup, thawGroup } from "./freezer.ts";
import { livingRecord } from "./known-instance.ts";

/** Without the instance's lock: what is suspicious must not wait for a stop that gives it ten seconds. */
export async function freezeInstance(paths: RuntimePaths, id: InstanceId): Promise<void> {
  livingRecord(paths, id);
  await freezeGroup(paths.cgroup(id));
}

export function thawInstance(paths: RuntimePaths, id: InstanceId): void {
  livingRecord(paths, id);
  thawGroup(paths.cgroup(id));
}

/**
 * Ends every process of a frozen instance so that none executes another instruction of its own. With version 1 a frozen process does not even see SIGKILL: each gets it first, then all
 * are thawed, and what they find on their way is the signal. Were only the first process killed, the others would run until the kernel comes to them.
 */
export function killFrozen(cgroup: string): void {
  if (!isGroupFrozen(cgroup)) return;
  killGroup(cgroup);
  thawGroup(cgroup);
}
