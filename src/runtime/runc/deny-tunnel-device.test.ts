import assert from "node:assert/strict";
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { denyTunnelDevice } from "./deny-tunnel-device.ts";

const devices = "/sys/fs/cgroup/devices";
const skip = process.getuid?.() !== 0 || !existsSync(devices) ? "needs root and cgroup v1" : false;

test("nothing is denied to a group that is not the instance's, such as the root of all", { skip }, () => {
  denyTunnelDevice(process.pid, "/ingot/no-such-instance/");
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
