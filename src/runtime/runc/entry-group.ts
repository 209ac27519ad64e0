import { existsSync, mkdirSync, readdirSync, rmdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { IngotError } from "../../ground/error.ts";
import { cgroupFile } from "../cgroup-file.ts";
import { identifyProcess } from "../process-identity.ts";
import { killListed } from "./freezer.ts";

/**
 * A cgroup below an instance's for one program that enters it: all that the program starts stays in there, whatever it does to get away from its parent, and can be ended without the
 * instance. It has no limits of its own, so that those of the instance hold for both together.
 */
export type EntryGroup = {
  readonly folder: string;
  /** As `runc exec --cgroup` has it. */
  readonly argument: string;
};

const prefix = "entry-";
let made = 0;

/** `first`: the instance's first process. */
export async function makeEntryGroup(first: number): Promise<EntryGroup> {
  const own = identifyProcess(process.pid);
  made += 1;
  // Named after who made it: what it left when it was killed can be told from what is at work.
  const name = `${prefix}${process.pid}-${own?.startTime}-${made}`;
  const version1 = cgroupFile(first, "pids", { v1: name });
  const folder = version1 ?? cgroupFile(first, "pids", { v2: name });
  if (folder === undefined) throw new IngotError("runtime-unsupported", "this host has no cgroups for processes");
  await removeAbandoned(folder);
  mkdirSync(folder);
  return { folder, argument: version1 === undefined ? name : `pids:${name}` };
}

/** Ends all that is in the group and removes it; false when something in it cannot end, since the instance was frozen meanwhile. */
export async function endEntryGroup({ folder }: Pick<EntryGroup, "folder">, patience = 1000): Promise<boolean> {
  if (!existsSync(folder)) return true;
  // Or what forks faster than it is killed would never end. Where the file is missing, version 2, one write kills all of the group at once.
  if (existsSync(join(folder, "pids.max"))) writeFileSync(join(folder, "pids.max"), "0");
  if (existsSync(join(folder, "cgroup.kill"))) writeFileSync(join(folder, "cgroup.kill"), "1");
  for (const deadline = Date.now() + patience; killListed(join(folder, "cgroup.procs")) > 0; await sleep(2)) {
    if (Date.now() > deadline) return false;
  }
  // Also one that the removal of the instance was quicker with.
  if (existsSync(folder)) rmdirSync(folder);
  return true;
}

/** Groups of processes that are gone: Ingot was killed in the middle of it. */
async function removeAbandoned(own: string): Promise<void> {
  const parent = dirname(own);
  for (const name of readdirSync(parent)) {
    const [, pid, startTime] = /^entry-(\d+)-(\d+)-\d+$/.exec(name) ?? [];
    if (pid === undefined || name === basename(own)) continue;
    if (identifyProcess(Number(pid))?.startTime === startTime) continue;
    await endEntryGroup({ folder: join(parent, name) });
  }
}
