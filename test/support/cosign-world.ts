import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "../../src/ground/run-command.ts";
import { startDockerRegistry } from "./docker-registry.ts";
import { newerTool } from "./newer-tools.ts";
import { hasProgram } from "./real-packages.ts";

const cosign = newerTool("cosign") ?? "";
const missing = [...(cosign === "" ? ["cosign"] : []), ...["docker-registry"].filter((name) => !hasProgram(name))];

/** Why tests of cosign with a registry are skipped; false where both are there. */
export const cosignSkip = missing.length === 0 ? false : `needs ${missing.join(" and ")}: not installed`;

/** What cosign answered, whatever that is. */
export type CosignAnswer = { readonly code: number; readonly stdout: string; readonly stderr: string };

/** A folder to work in and an empty registry, `host` its address; both are gone after the test. `run` runs cosign in the folder to its end. */
export type CosignWorld = {
  readonly folder: string;
  readonly host: string;
  readonly run: (args: readonly string[], env: NodeJS.ProcessEnv) => Promise<CosignAnswer>;
};

export async function makeCosignWorld(t: { readonly after: (end: () => unknown) => void }): Promise<CosignWorld> {
  const folder = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "ingot-cosign-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const registry = await startDockerRegistry(join(folder, "registry"));
  t.after(() => registry.stop());
  return {
    folder,
    host: registry.host,
    run: (args, env) => runCommand(cosign, args, { cwd: folder, env, allowFailure: true }),
  };
}
