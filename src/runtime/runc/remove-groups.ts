import { existsSync, readdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { IngotError, isErrno } from "../../ground/error.ts";
import { readMounts } from "../mount-table.ts";
import { killListed } from "./freezer.ts";

const patience = 5000;

/** Ends what is left in the groups of an instance, and removes them: runc does so only for a container that it remembers, and forgets one when it is killed while it makes it. */
export async function removeGroups(cgroup: string): Promise<void> {
  roots ??= readMounts()
    .filter(({ type }) => type === "cgroup" || type === "cgroup2")
    .map(({ target }) => target);
  for (const root of roots) await removeGroup(join(root, cgroup));
}

/** A host does not change them while it runs. */
let roots: readonly string[] | undefined;

async function removeGroup(folder: string): Promise<void> {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) await removeGroup(join(folder, entry.name));
  }
  for (const deadline = Date.now() + patience; !tryRemove(folder); await sleep(2)) {
    if (Date.now() > deadline) {
      throw new IngotError("instance-stop-failed", `processes in ${folder} do not end`, { hint: "ingot instances" });
    }
  }
}

/** False while there is a process in it, also one that has ended and is not gone yet. */
function tryRemove(folder: string): boolean {
  if (killListed(join(folder, "cgroup.procs")) > 0) return false;
  try {
    rmdirSync(folder);
    return true;
  } catch (error) {
    if (isErrno(error, "EBUSY")) return false;
    if (isErrno(error, "ENOENT")) return true;
    throw error;
  }
}
