import { existsSync, readFileSync } from "node:fs";
import { cgroupFile, type CgroupFiles } from "../cgroup-file.ts";
import type { Placement } from "../profile/placement.ts";
import { cpuPeriod } from "../profile/settings.ts";
import type { InstanceSpec } from "../runtime.ts";
import type { Setting } from "./setting.ts";

/** The limits of the instance's cgroup, of version 1 or 2, each read from the group that the process really is in. */
export function cgroupSettings(pid: number, spec: InstanceSpec, place: Placement): Setting[] {
  const read: Read = (controller, files) => {
    const path = cgroupFile(pid, controller, files);
    if (path === undefined) return "";
    return existsSync(path) ? readFileSync(path, "utf8").trimEnd() : "not limited";
  };
  const { limits } = spec;
  const swap = place.hasSwapLimit ? [swapSetting(read, limits.memory)] : [];
  return [
    {
      name: "memory limit",
      expected: String(limits.memory),
      actual: read("memory", { v1: "memory.limit_in_bytes", v2: "memory.max" }),
    },
    ...swap,
    { name: "process limit", expected: String(limits.pids), actual: read("pids", { v1: "pids.max", v2: "pids.max" }) },
    { name: "cpu limit", expected: `${Math.round(limits.cpus * cpuPeriod)} of ${cpuPeriod}`, actual: cpuLimit(read) },
    ...deviceSettings(read),
  ];
}

type Read = (controller: string, files: CgroupFiles) => string;

function swapSetting(read: Read, memory: number): Setting {
  const actual = read("memory", { v1: "memory.memsw.limit_in_bytes", v2: "memory.swap.max" });
  // Version 1 limits both together, version 2 swap alone.
  const none = actual === String(memory) || actual === "0";
  return { name: "swap limit", expected: "none beyond memory", actual: none ? "none beyond memory" : actual };
}

function cpuLimit(read: Read): string {
  const [quota, period] = read("cpu", { v1: "cpu.cfs_quota_us", v2: "cpu.max" }).split(" ");
  return `${quota} of ${period ?? read("cpu", { v1: "cpu.cfs_period_us", v2: "cpu.max" })}`;
}

/** What runc always allows: making nodes (which a user namespace refuses), the plain devices, and terminals. */
const allowedDevices = new Set([
  "c *:* m",
  "b *:* m",
  "c 1:3 rwm",
  "c 1:5 rwm",
  "c 1:7 rwm",
  "c 1:8 rwm",
  "c 1:9 rwm",
  "c 5:0 rwm",
  "c 5:2 rwm",
  "c 136:* rwm",
]);

/** Version 2 has no list to read, its rule is a program; there the bound nodes and the user namespace are what is checked. */
function deviceSettings(read: Read): Setting[] {
  const list = read("devices", { v1: "devices.list" });
  if (list === "") return [];
  const others = list.split("\n").filter((line) => !allowedDevices.has(line));
  return [
    {
      name: "devices",
      expected: "only the plain ones",
      actual: others.length === 0 ? "only the plain ones" : others.join(", "),
    },
  ];
}
