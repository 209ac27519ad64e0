import { basename } from "node:path";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import { runCommand } from "../../ground/run-command.ts";
import { runtimePaths } from "../paths.ts";
import type { InstanceId } from "../runtime.ts";
import { connectNamespace, type InstanceNetwork } from "./network.ts";

/** Connects the network namespace that a process has already, made by an engine, to the instances' bridge. `removeNetwork` undoes it. Throws as `addNetwork`. */
export async function attachNetwork(ctx: Context, id: InstanceId, pid: number): Promise<InstanceNetwork> {
  const script = `mkdir -p /run/netns && touch "/run/netns/$1" && mount --bind "/proc/$2/ns/net" "/run/netns/$1" &&
    exec nsenter --net="/run/netns/$1" ip link set lo up`;
  const args = ["-c", script, "sh", basename(runtimePaths(ctx.home).networkNamespace(id)), String(pid)];
  const { code, stderr } = await runCommand("sh", args, { allowFailure: true });
  if (code === 0) return connectNamespace(ctx, id);
  throw new IngotError("network-failed", `the network namespace of ${id} could not be kept: ${stderr.trim()}`, {
    hint: "instances need root, and `ip` of the package iproute2",
  });
}
