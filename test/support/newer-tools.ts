import { existsSync } from "node:fs";
import { join } from "node:path";
import { newerToolsFolder } from "../../scripts/newer-tools.ts";

/** The path of a program of Debian's newer suites that `scripts/setup --test` unpacked; undefined where it could not be had: then skip by name. */
export function newerTool(name: "cosign" | "crane" | "oras"): string | undefined {
  const path = join(newerToolsFolder, "bin", name);
  return existsSync(path) ? path : undefined;
}

/** The folder of Python libraries of Debian's newer suites, for PYTHONPATH; undefined where it could not be had, or the host has no Python 3. */
export function newerPython(): string | undefined {
  const folder = join(newerToolsFolder, "python");
  const hasPython = (process.env.PATH ?? "").split(":").some((path) => existsSync(join(path, "python3")));
  return hasPython && existsSync(folder) ? folder : undefined;
}
