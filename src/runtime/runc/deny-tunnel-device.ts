import { writeFileSync } from "node:fs";
import { cgroupFile } from "../cgroup-file.ts";

/**
 * runc 1.1 allows /dev/net/tun to every container and no configuration takes that back, so it is done before the instance's command runs. With version 2 the rule is a
 * program that cannot be edited; there the missing node, which cannot be made in a user namespace, is what keeps the device away.
 */
export function denyTunnelDevice(pid: number): void {
  const path = cgroupFile(pid, "devices", { v1: "devices.deny" });
  if (path !== undefined) writeFileSync(path, "c 10:200 rwm");
}
