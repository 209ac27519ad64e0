import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { IngotError } from "../ground/error.ts";
import { withFileLock } from "../ground/file-lock.ts";
import { idRangeSize } from "./profile/settings.ts";

/** Above every ordinary user and /etc/subuid default, inside the range that systemd reserves for containers (524,288 to 1,879,048,191). */
const firstOfAll = 15_259 * idRangeSize;
const mostRanges = 4096;
const folder = "/run/ingot/id-ranges";

/**
 * Takes 65,536 host ids that no other instance on this host has, whatever its `$INGOT_HOME`, and returns the first. They stay taken while the instance's folder exists
 * and `releaseIdRange` was not called, so a crash leaks none.
 */
export async function takeIdRange(instanceFolder: string): Promise<number> {
  return withFileLock(
    join(folder, ".lock"),
    () => {
      for (let range = 0; range < mostRanges; range += 1) {
        if (take(join(folder, String(range)), instanceFolder)) return firstOfAll + range * idRangeSize;
      }
      throw new IngotError("runtime-unsupported", `all ${mostRanges} id ranges of this host are in use`);
    },
    { wait: 10_000, what: "the id ranges" },
  );
}

function take(path: string, instanceFolder: string): boolean {
  mkdirSync(folder, { recursive: true });
  if (existsSync(path)) {
    const owner = readFileSync(path, "utf8");
    if (owner !== instanceFolder && existsSync(owner)) return false;
  }
  writeFileSync(path, instanceFolder);
  return true;
}

/** Gives back what the instance has; nothing when it has none. */
export function releaseIdRange(instanceFolder: string): void {
  if (!existsSync(folder)) return;
  const ranges = readdirSync(folder).filter((name) => /^\d+$/.test(name));
  for (const range of ranges) {
    const path = join(folder, range);
    if (existsSync(path) && readFileSync(path, "utf8") === instanceFolder) rmSync(path, { force: true });
  }
}
