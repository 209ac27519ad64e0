import { setTimeout as sleep } from "node:timers/promises";
import { IngotError } from "../../ground/error.ts";
import type { OciSpec } from "../profile/oci-spec.ts";
import type { Placement } from "../profile/placement.ts";
import { identifyProcess } from "../process-identity.ts";
import type { InstanceSpec } from "../runtime.ts";
import { cgroupSettings } from "./cgroup-settings.ts";
import { filterSettings } from "./filter-settings.ts";
import { mountSettings } from "./mount-settings.ts";
import { confinementSettings, isBeforeExec, processSettings } from "./process-settings.ts";
import { findMissing, type Setting } from "./setting.ts";

export type Verified = { readonly pid: number; readonly spec: InstanceSpec; readonly place: Placement };

/** Reads back every setting that is in force before the instance's command runs, and the filter that it will get. */
export function readCreated({ pid, spec, place }: Verified, given: OciSpec): Setting[] {
  return [
    ...filterSettings(given),
    ...processSettings(pid, place),
    ...mountSettings(pid, place),
    ...cgroupSettings(pid, spec, place),
  ];
}

/** Reads back every setting of a living instance; also what a later sweep asks again. */
export function readRunning({ pid, spec, place }: Verified): Setting[] {
  return [
    ...confinementSettings(pid, spec, place),
    ...processSettings(pid, place),
    ...mountSettings(pid, place),
    ...cgroupSettings(pid, spec, place),
  ];
}

/** Throws `instance-not-hardened` with every setting that is not as it must be. */
export function assertHardened(spec: InstanceSpec, settings: readonly Setting[]): void {
  const missing = findMissing(settings);
  if (missing.length === 0) return;
  const count = missing.length === 1 ? "a setting" : `${missing.length} settings`;
  throw new IngotError(
    "instance-not-hardened",
    `${spec.id} was destroyed: ${count} that it must have ${missing.length === 1 ? "is" : "are"} not in force`,
    {
      details: missing.map(({ name, expected, actual }) => `${name}: expected ${expected}, got ${actual}`),
      hint: "nothing of it is left; see docs/runtime.md for what this host must provide",
    },
  );
}

/** Whether a process ends within `timeout` milliseconds. */
export async function hasEnded(pid: number, timeout = 100): Promise<boolean> {
  const deadline = Date.now() + timeout;
  while (identifyProcess(pid) !== undefined) {
    if (Date.now() > deadline) return false;
    await sleep(1);
  }
  return true;
}

/** Waits until runc's own code has given way to the instance's command, at most `timeout` milliseconds; false when the process has ended. */
export async function untilExecuted(pid: number, timeout = 5000): Promise<boolean> {
  const deadline = Date.now() + timeout;
  while (identifyProcess(pid) !== undefined) {
    if (!isBeforeExec(pid)) return true;
    if (Date.now() > deadline)
      throw new IngotError("instance-start-failed", `the process ${pid} did not execute its command`);
    await sleep(1);
  }
  return false;
}
