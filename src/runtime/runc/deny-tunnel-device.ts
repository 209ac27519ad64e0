import { writeFileSync } from "node:fs";
import { cgroupFile, groupFile } from "../cgroup-file.ts";

/**
 * runc 1.1 allows /dev/net/tun to every container and no configuration takes that back, so it is done before the instance's command runs. With version 2 the rule is a
 * program that cannot be edited; there the missing node, which cannot be made in a user namespace, is what keeps the device away.
 */
export function denyTunnelDevice(pid: number): void {
  const file = { v1: "devices.deny" };
  const path = cgroupFile(pid, "devices", file);
  // A process that has ended meanwhile is in the host's own group: what is denied there is denied to everybody, and no container could be made any more.
  if (path !== undefined && path !== groupFile("/", "devices", file)) writeFileSync(path, "c 10:200 rwm");
}
