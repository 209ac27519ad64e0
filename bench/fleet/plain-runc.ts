import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "../../src/ground/run-command.ts";
import type { Side } from "../comparison.ts";
import { command } from "./our-instances.ts";

/** Unpacks an image for runc, with the default profile of the tool. Returns the bundle's folder. */
export async function unpackBundle(store: string, folder: string): Promise<string> {
  const bundle = join(folder, "bundle");
  await runCommand("umoci", ["unpack", "--image", `${store}:web`, bundle]);
  const path = join(bundle, "config.json");
  const config = JSON.parse(readFileSync(path, "utf8")) as { process: object };
  const process = { ...config.process, terminal: false, args: command, rlimits: [] };
  writeFileSync(path, JSON.stringify({ ...config, process }));
  return bundle;
}

/** `clear` removes what the last run left. */
export function plainRunc(bundle: string): Side & { readonly clear: () => Promise<void> } {
  const root = join(bundle, "..", ".runc");
  const id = `bench-fleet-${process.pid}`;
  const clear = async (): Promise<void> => {
    await runCommand("runc", ["--root", root, "delete", "--force", id], { allowFailure: true });
  };
  return {
    name: "runc run, no network, nothing verified",
    clear,
    prepare: clear,
    run: async () => {
      const child = spawn("runc", ["--root", root, "run", "--detach", "--bundle", bundle, id], { stdio: "ignore" });
      const [code] = (await once(child, "exit")) as [number | null];
      return code === 0 ? undefined : "does not run on this host";
    },
  };
}
