import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import { runCommand } from "../../ground/run-command.ts";
import { runtimePaths } from "../paths.ts";
import type { InstanceId } from "../runtime.ts";
import { callCni, type CniCall } from "./cni.ts";
import { assertFreeAddress } from "./free-addresses.ts";
import { bridgeName, chooseSubnet } from "./subnet.ts";

/** An instance's network; `result` is what the plugin said of it, for CHECK. */
export type InstanceNetwork = { readonly address: string; readonly subnet: string; readonly result: unknown };

/** Where the plugin host-local keeps which addresses are taken, in a folder with the network's name. */
const addressFolder = "/run/ingot/cni";
const networkName = "ingot";

/**
 * Makes a network namespace with an address on the instances' bridge. The host and the other instances are reachable, nothing else: there is no default
 * route and no masquerade. What was made before a failure is removed by `removeNetwork`. Throws `network-failed`, `network-no-subnet`, `network-no-address`.
 */
export async function addNetwork(ctx: Context, id: InstanceId): Promise<InstanceNetwork> {
  await makeNamespace(ctx, id);
  return connectNamespace(ctx, id);
}

/** Gives the namespace of an instance an address on the bridge. */
export async function connectNamespace(ctx: Context, id: InstanceId): Promise<InstanceNetwork> {
  const subnet = chooseSubnet(ctx);
  const result = await callCni(ctx, cniCall(ctx, "ADD", { id, subnet })).catch((error: unknown) => {
    assertFreeAddress(join(addressFolder, networkName), subnet);
    throw error;
  });
  return { address: addressOf(result, id), subnet, result };
}

/** Whether the network is still what `addNetwork` made. Throws `network-failed` with what differs. */
export async function checkNetwork(ctx: Context, id: InstanceId, network: InstanceNetwork): Promise<void> {
  const call = cniCall(ctx, "CHECK", { id, subnet: network.subnet });
  await callCni(ctx, { ...call, config: { ...call.config, prevResult: network.result } });
}

/** Gives the address back and removes the namespace; what is gone already is no error. */
export async function removeNetwork(ctx: Context, id: InstanceId): Promise<void> {
  try {
    await callCni(ctx, cniCall(ctx, "DEL", { id, subnet: subnetOfRemoval }));
  } finally {
    // Also when the address could not be given back: the interface goes with the namespace.
    const path = runtimePaths(ctx.home).networkNamespace(id);
    if (existsSync(path)) await runCommand("ip", ["netns", "delete", basename(path)]);
  }
}

/**
 * A namespace that the host's user namespace owns, so that even a root of the instance with capabilities could not change it. The port sysctl
 * lets an unprivileged user listen on 80: inside its own namespace a low port is no privilege.
 */
async function makeNamespace(ctx: Context, id: InstanceId): Promise<void> {
  const script = `ip netns add "$1" && exec nsenter --net="/run/netns/$1" sh -c '
    ip link set lo up && echo 0 > /proc/sys/net/ipv4/ip_unprivileged_port_start'`;
  const args = ["-c", script, "sh", basename(runtimePaths(ctx.home).networkNamespace(id))];
  const { code, stderr } = await runCommand("sh", args, { allowFailure: true });
  if (code === 0) return;
  throw new IngotError("network-failed", `the network namespace of ${id} could not be made: ${stderr.trim()}`, {
    hint: "instances need root, and `ip` of the package iproute2",
  });
}

/** host-local finds the address by the instance's id: the plugin only wants to see some network here, and there may be none that is free any more. */
const subnetOfRemoval = "10.213.0.0/16";

function cniCall(
  ctx: Context,
  command: CniCall["command"],
  { id, subnet }: { readonly id: InstanceId; readonly subnet: string },
): CniCall {
  const paths = runtimePaths(ctx.home);
  const ipam = { type: "host-local", ranges: [[{ subnet }]], dataDir: addressFolder };
  const config = {
    cniVersion: "1.0.0",
    name: networkName,
    type: "bridge",
    bridge: bridgeName,
    isGateway: true,
    ipMasq: false,
    ipam,
  };
  return { command, containerId: paths.hostName(id), networkNamespace: paths.networkNamespace(id), config };
}

/** `{"ips": [{"address": "10.213.0.2/16", …}]}`: section 5 of the specification. */
function addressOf(result: unknown, id: InstanceId): string {
  const { ips = [] } = (result ?? {}) as { ips?: readonly { address?: string }[] };
  const address = ips[0]?.address?.split("/")[0];
  if (address === undefined) throw new IngotError("network-failed", `the CNI plugin bridge gave ${id} no address`);
  return address;
}
