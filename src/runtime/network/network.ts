import { closeSync } from "node:fs";
import { basename } from "node:path";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import { SystemCallError } from "../../ground/libc.ts";
import { runCommand } from "../../ground/run-command.ts";
import { runtimePaths } from "../paths.ts";
import type { InstanceId } from "../runtime.ts";
import { giveBackAddress, takeAddress } from "./addresses.ts";
import { callCni, type CniCall } from "./cni.ts";
import { addressFolder, assertFreeAddress, networkName } from "./free-addresses.ts";
import { joinBridge, type Interfaces } from "./interfaces.ts";
import { isNamespaceFolderReady, makeNamespace, removeNamespace } from "./namespace.ts";
import { bridgeAddress, bridgeName, chooseSubnet } from "./subnet.ts";

/** An instance's network; `result` is what the plugin said of it, for CHECK. */
export type InstanceNetwork = { readonly address: string; readonly subnet: string; readonly result: unknown };

/**
 * Makes a network namespace with an address on the instances' bridge. The host and the other instances are reachable, nothing else: there is no default
 * route and no masquerade. The first one of a host is made by the CNI plugin, with the bridge; once that is there, the others are made here, in a fourth of the time and so that the plugin would find them its own.
 * What was made before a failure is removed by `removeNetwork`. Throws `network-failed`, `network-no-subnet`, `network-no-address`.
 */
export async function addNetwork(ctx: Context, id: InstanceId): Promise<InstanceNetwork> {
  const subnet = chooseSubnet(ctx);
  const gateway = bridgeAddress();
  const path = runtimePaths(ctx.home).networkNamespace(id);
  if (gateway !== undefined && isNamespaceFolderReady(path)) return addToBridge(ctx, { id, subnet, gateway });
  await makeFirstNamespace(ctx, id);
  return connectNamespace(ctx, id);
}

/** Gives the namespace of an instance an address on the bridge, which is made where there is none. */
export async function connectNamespace(ctx: Context, id: InstanceId): Promise<InstanceNetwork> {
  const subnet = chooseSubnet(ctx);
  const result = await callCni(ctx, cniCall(ctx, "ADD", { id, subnet })).catch((error: unknown) => {
    assertFreeAddress(subnet);
    throw error;
  });
  return { address: addressOf(result, id), subnet, result };
}

/** Whether the network is still what `addNetwork` made. Throws `network-failed` with what differs. */
export async function checkNetwork(ctx: Context, id: InstanceId, network: InstanceNetwork): Promise<void> {
  const call = cniCall(ctx, "CHECK", { id, subnet: network.subnet });
  await callCni(ctx, { ...call, config: { ...call.config, prevResult: network.result } });
}

/** Gives the address back (`address`, where it is known) and removes the namespace; what is gone already is no error. */
export function removeNetwork(ctx: Context, id: InstanceId, address?: string): void {
  const paths = runtimePaths(ctx.home);
  try {
    giveBackAddress(paths.hostName(id), address);
  } finally {
    // Also when the address could not be given back: the interface goes with the namespace.
    removeNamespace(paths.networkNamespace(id));
  }
}

type Adding = { readonly id: InstanceId; readonly subnet: string; readonly gateway: string };

function addToBridge(ctx: Context, { id, subnet, gateway }: Adding): InstanceNetwork {
  const paths = runtimePaths(ctx.home);
  const namespace = paths.networkNamespace(id);
  const address = takeAddress(subnet, paths.hostName(id));
  const cidr = `${address}/${subnet.split("/")[1]}`;
  try {
    const inside = makeNamespace(namespace);
    try {
      const made = joinBridge({ namespace, inside, cidr, random: ctx.randomBytes(8) });
      return { address, subnet, result: resultOf(made, { namespace, cidr, gateway }) };
    } finally {
      closeSync(inside);
    }
  } catch (error) {
    if (!(error instanceof SystemCallError)) throw error;
    throw new IngotError("network-failed", `the network of ${id} could not be made: ${error.message}`, {
      hint: `instances need root, and the bridge as it was made; without instances: ip link delete ${bridgeName}`,
      cause: error,
    });
  }
}

/** What the CNI plugin `bridge` would have said (CNI specification 1.0, section 5). */
function resultOf(
  made: Interfaces,
  { namespace, cidr, gateway }: { namespace: string; cidr: string; gateway: string },
) {
  return {
    cniVersion: "1.0.0",
    interfaces: [{ name: bridgeName, mac: made.bridge }, made.outer, { ...made.inner, sandbox: namespace }],
    ips: [{ interface: 2, address: cidr, gateway: gateway.split("/")[0] }],
    dns: {},
  };
}

/** By `ip`, which makes the folder of the names what it must be for all programs of the host; and as `makeNamespace` does. */
async function makeFirstNamespace(ctx: Context, id: InstanceId): Promise<void> {
  const script = `ip netns add "$1" && exec nsenter --net="/run/netns/$1" sh -c '
    ip link set lo up && echo 0 > /proc/sys/net/ipv4/ip_unprivileged_port_start'`;
  const args = ["-c", script, "sh", basename(runtimePaths(ctx.home).networkNamespace(id))];
  const { code, stderr } = await runCommand("sh", args, { allowFailure: true });
  if (code === 0) return;
  throw new IngotError("network-failed", `the network namespace of ${id} could not be made: ${stderr.trim()}`, {
    hint: "instances need root, and `ip` of the package iproute2",
  });
}

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
