import { closeSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import { readChildEnd, type ChildEnd } from "../../ground/libc.ts";
import { runtimePaths } from "../paths.ts";
import { isSameProcess, parentOf } from "../process-identity.ts";
import type { OciSpec } from "../profile/oci-spec.ts";
import { hostIdOf } from "../profile/placement.ts";
import type { InstanceId, ProgramEnd, RunRequest } from "../runtime.ts";
import { assertEntryHardened, assertEntryGiven } from "../verify/verify-entry.ts";
import { reapAtEnd } from "./adopted-instance.ts";
import { beginAdopting, endAdopting } from "./adopting.ts";
import { statusOf } from "./child-status.ts";
import { collectOutput, type OutputCollector } from "./collect-output.ts";
import { endEntryGroup, makeEntryGroup, type EntryGroup } from "./entry-group.ts";
import { openOutputPipe } from "./instance-log.ts";
import { activeRecord } from "./known-instance.ts";
import { watchLimits, type Limit } from "./limits-met.ts";
import { executeInContainer, readPidFile } from "./runc.ts";
import type { RuncOptions } from "./runc-driver.ts";
import { whyMissing } from "./why-missing.ts";

/** How long the rest of the output may take once the program and all it started are gone. */
const drainTime = 2000;

export type ExecuteOptions = RuncOptions & RunRequest & { readonly command: readonly string[] };

/**
 * `Runtime.execute`. Whatever the program starts ends with it: nothing that entered stays. Throws `instance-unknown`, `instance-not-running`, `instance-not-hardened`.
 */
export async function executeInside(ctx: Context, id: InstanceId, options: ExecuteOptions): Promise<ProgramEnd> {
  const paths = runtimePaths(ctx.home);
  const first = activeRecord(paths, id).running.process;
  const profile = JSON.parse(readFileSync(join(paths.bundle(id), "config.json"), "utf8")) as OciSpec;
  const entry = entryOf(profile, join(paths.bundle(id), "rootfs"), options.command);
  const missing = whyMissing(entry, entry);
  if (missing !== undefined) return { status: "not-started", reason: missing, ...nothing };
  const group = await makeEntryGroup(first.pid);
  const folder = join(paths.bundle(id), group.folder.slice(group.folder.lastIndexOf("/") + 1));
  beginAdopting();
  try {
    return await enter(ctx, { id, first: first.pid, entry, group, folder, profile, options });
  } catch (error) {
    // Stopped, frozen or ended in the meantime: that is what a person must know, not what runc makes of it.
    if (!isSameProcess(first)) activeRecord(paths, id);
    throw error;
  } finally {
    await endEntryGroup(group);
    endAdopting();
    rmSync(folder, { recursive: true, force: true });
  }
}

const nothing = { output: "", cut: 0, isFound: false, limitsMet: [] } as const;

/** The program, and who it will be. */
type Entry = ReturnType<typeof entryOf>;

function entryOf({ process, linux }: OciSpec, rootfs: string, command: readonly string[]) {
  const environment = Object.fromEntries(
    process.env.map((entry) => [entry.slice(0, entry.indexOf("=")), entry.slice(entry.indexOf("=") + 1)]),
  );
  const { uid, gid } = process.user;
  const firstId = linux.uidMappings[0]?.hostID;
  if (firstId === undefined) throw new IngotError("internal-error", "an instance without ids of its own");
  return { command, environment, workdir: process.cwd, user: { uid, gid }, firstId, rootfs };
}

type Entering = {
  readonly id: InstanceId;
  readonly first: number;
  readonly entry: Entry;
  readonly group: EntryGroup;
  /** Of this one execution, below the instance's. */
  readonly folder: string;
  readonly profile: OciSpec;
  readonly options: ExecuteOptions;
};

async function enter(ctx: Context, entering: Entering): Promise<ProgramEnd> {
  const { first, entry, folder, options } = entering;
  mkdirSync(folder, { mode: 0o700 });
  const pipe = openOutputPipe({ folder, owner: hostIdOf(entry, entry.user) });
  const { maxOutput: most, find } = options;
  const collector = collectOutput(pipe.read, { most, ...(find === undefined ? {} : { find }) });
  const limits = watchLimits(first);
  try {
    const pid = await execute(ctx, entering, pipe.write).finally(() => closeSync(pipe.write));
    return await untilEnd(ctx, entering, { pid, collector, limits: [limits, watchLimits(pid)] });
  } finally {
    collector.close();
    reapAtEnd(readPidFile(folder));
  }
}

async function execute(
  ctx: Context,
  { id, entry, group, folder, profile, options }: Entering,
  output: number,
): Promise<number> {
  const given = (options.alterProfile ?? ((unaltered) => unaltered))(profile);
  assertEntryGiven(given, entry);
  const process = { ...given.process, args: options.command };
  writeFileSync(join(folder, "process.json"), JSON.stringify(process), { mode: 0o600 });
  return executeInContainer(runtimePaths(ctx.home), id, { folder, group: group.argument, output });
}

type Entered = {
  readonly pid: number;
  readonly collector: OutputCollector;
  readonly limits: readonly (() => readonly Limit[])[];
};

async function untilEnd(ctx: Context, entering: Entering, { pid, collector, limits }: Entered): Promise<ProgramEnd> {
  const { first, entry, group, options } = entering;
  const deadline = Date.now() + options.timeout;
  await assertEntryHardened(pid, { ...entry, first });
  const end = await waitForEnd(ctx, pid, deadline);
  const limitsMet = [...new Set(limits.flatMap((met) => met()))];
  // What it left behind, or all of it: the output ends with the last that could print.
  await endEntryGroup(group);
  if (end === undefined) return { status: "timed-out", ...collector.read(), limitsMet };
  await Promise.race([collector.ended, sleep(drainTime, undefined, { ref: false })]);
  return { ...statusOf(end), ...collector.read(), limitsMet };
}

async function waitForEnd(ctx: Context, pid: number, deadline: number): Promise<ChildEnd | undefined> {
  for (let pause = 2; Date.now() < deadline; pause = Math.min(pause * 2, 50)) {
    const end = parentOf(pid) === process.pid ? readChildEnd(pid) : undefined;
    if (end !== undefined) return end;
    if (ctx.signal.aborted)
      throw new IngotError("cancelled", "a program in an instance was stopped; nothing of it is left");
    await sleep(pause);
  }
  return undefined;
}
