import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import { pluginFolder } from "../network/cni.ts";

/** What starting and removing an instance runs, with the Debian package that has it. */
const programs = {
  runc: "runc",
  ip: "iproute2",
  nsenter: "util-linux",
  unshare: "util-linux",
  mount: "mount",
} as const;
const plugins = ["bridge", "host-local"] as const;

/** Throws `runtime-unsupported` for an ordinary user. */
export function assertRoot(): void {
  if (process.getuid?.() === 0) return;
  throw new IngotError("runtime-unsupported", "instances need root: mounts, networks and cgroups are the host's", {
    hint: "sudo ingot run …",
  });
}

/** Before anything is made: without one of these a start would stop half-way, and so would removing what it made. Throws `command-missing`. */
export function assertInstalled(ctx: Pick<Context, "env">): void {
  const folders = (ctx.env.PATH ?? "").split(":").filter(Boolean);
  for (const [program, name] of Object.entries(programs)) {
    if (!folders.some((folder) => existsSync(join(folder, program)))) throw missing(`the program ${program}`, name);
  }
  for (const plugin of plugins) {
    const path = join(pluginFolder(ctx), plugin);
    if (!existsSync(path)) throw missing(`the CNI plugin ${path}`, "containernetworking-plugins");
  }
}

function missing(what: string, name: string): IngotError {
  return new IngotError("command-missing", `${what} is not installed`, { hint: `apt-get install ${name}` });
}
