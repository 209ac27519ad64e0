import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { whyNoInstances } from "../../../test/support/runtime-image.ts";
import { processContext } from "../../ground/context.ts";
import { runCommand } from "../../ground/run-command.ts";
import { runtimePaths } from "../paths.ts";
import type { InstanceId } from "../runtime.ts";
import { callCni } from "./cni.ts";
import { addressFolder, networkName, takenAddresses } from "./free-addresses.ts";
import { addNetwork, checkNetwork, removeNetwork } from "./network.ts";

const skip = whyNoInstances();

test(
  "what is made without the CNI plugins is theirs as well: they find nothing wrong with it, and remove it",
  { skip },
  async (t) => {
    const home = mkdtempSync(join(tmpdir(), "ingot-network-"));
    const ctx = processContext({ home });
    const paths = runtimePaths(home);
    const ids = ["one", "two"] as InstanceId[];
    t.after(() => {
      for (const id of ids) removeNetwork(ctx, id);
      rmSync(home, { recursive: true });
    });
    const [first, second] = [await addNetwork(ctx, ids[0]!), await addNetwork(ctx, ids[1]!)];
    assert.notEqual(first.address, second.address);
    const inside = await runCommand("nsenter", [
      `--net=${paths.networkNamespace(ids[1]!)}`,
      "cat",
      "/proc/net/route",
      "/proc/sys/net/ipv4/ip_unprivileged_port_start",
    ]);
    // One route, to the network itself: nothing beyond it can be reached.
    assert.equal(inside.stdout.split("\n").filter((line) => line.startsWith("eth0")).length, 1);
    assert.match(inside.stdout, /\n0\n$/);
    await checkNetwork(ctx, ids[1]!, second);
    const taken = join(takenAddresses, second.address);
    assert.ok(readFileSync(taken, "utf8").startsWith(paths.hostName(ids[1]!)));
    const ipam = { type: "host-local", ranges: [[{ subnet: second.subnet }]], dataDir: addressFolder };
    const config = {
      cniVersion: "1.0.0",
      name: networkName,
      type: "bridge",
      bridge: "ingot0",
      isGateway: true,
      ipMasq: false,
      ipam,
    };
    const networkNamespace = paths.networkNamespace(ids[1]!);
    await callCni(ctx, { command: "DEL", containerId: paths.hostName(ids[1]!), networkNamespace, config });
    assert.equal(existsSync(taken), false);
    await assert.rejects(checkNetwork(ctx, ids[1]!, second), { code: "network-failed" });
  },
);

test(
  "an instance's address and namespace are gone when its network is removed, which may be repeated",
  { skip },
  async () => {
    const home = mkdtempSync(join(tmpdir(), "ingot-network-"));
    const ctx = processContext({ home });
    const id = "gone" as InstanceId;
    const { address } = await addNetwork(ctx, id);
    removeNetwork(ctx, id, address);
    assert.equal(existsSync(runtimePaths(home).networkNamespace(id)), false);
    assert.equal(existsSync(join(takenAddresses, address)), false);
    removeNetwork(ctx, id);
    rmSync(home, { recursive: true });
  },
);
