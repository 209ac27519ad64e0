import { existsSync } from "node:fs";
import { join } from "node:path";
import { newerToolsFolder } from "../../scripts/newer-tools.ts";

/** The path of a program of Debian's newer suites that `scripts/setup --test` unpacked; undefined where it could not be had: then skip by name. */
export function newerTool(name: "cosign" | "crane" | "oras"): string | undefined {
  const path = join(newerToolsFolder, "bin", name);
  return existsSync(path) ? path : undefined;
}
