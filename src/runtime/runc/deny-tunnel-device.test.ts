import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { denyTunnelDevice } from "./deny-tunnel-device.ts";

const devices = "/sys/fs/cgroup/devices";
const isInRoot = existsSync("/proc/self/cgroup") && /^\d+:devices:\/$/m.test(readFileSync("/proc/self/cgroup", "utf8"));
const skip = process.getuid?.() !== 0 || !isInRoot ? "needs root, cgroup v1, and to be in its root group" : false;

test("nothing is denied to the root group, where a process is that has ended", { skip }, () => {
  denyTunnelDevice(process.pid);
  const group = join(devices, `ingot-probe-${process.pid}`);
  mkdirSync(group);
  try {
    // What runc does for each container: the kernel refuses it below a group that is denied one of them.
    writeFileSync(join(group, "devices.deny"), "a");
    assert.doesNotThrow(() => writeFileSync(join(group, "devices.allow"), "c *:* m"));
  } finally {
    rmdirSync(group);
  }
});
