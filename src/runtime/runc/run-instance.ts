import { closeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import { readChildEnd, type ChildEnd } from "../../ground/libc.ts";
import { hostIdOf, type Placement } from "../profile/placement.ts";
import { runtimePaths } from "../paths.ts";
import { parentOf } from "../process-identity.ts";
import type { InstanceSpec, ProgramEnd, RunRequest } from "../runtime.ts";
import { assertHardened, hasEnded, readRunning, untilExecuted } from "../verify/verify.ts";
import { beginAdopting, endAdopting } from "./adopting.ts";
import { statusOf } from "./child-status.ts";
import { collectOutput, type OutputCollector } from "./collect-output.ts";
import { openOutputPipe } from "./instance-log.ts";
import { createHardened, prepareInstance } from "./launch-instance.ts";
import { watchLimits } from "./limits-met.ts";
import { readPidFile, startContainer } from "./runc.ts";
import type { RuncOptions } from "./runc-driver.ts";
import { whyMissing } from "./why-missing.ts";

/** How long the rest of the output may take once the program and all it started are gone. */
const drainTime = 2000;

/** Everything of `Runtime.runToEnd` but the removal of what is left, which the caller does in any case. */
export async function runInstance(
  ctx: Context,
  spec: InstanceSpec,
  options: RuncOptions & RunRequest,
): Promise<ProgramEnd> {
  const { place } = await prepareInstance(ctx, spec);
  const missing = whyMissing(spec, place);
  if (missing !== undefined) return { status: "not-started", reason: missing, ...nothing };
  const pipe = openOutputPipe({ folder: place.folder, owner: hostIdOf(place, spec.user) });
  const { maxOutput: most, find } = options;
  const collector = collectOutput(pipe.read, { most, ...(find === undefined ? {} : { find }) });
  beginAdopting();
  try {
    const launch = { spec, place, options };
    const pid = await createHardened(ctx, launch, { output: pipe.write, isShort: true })
      .catch((error: unknown) => endRefused(place, error))
      .finally(() => closeSync(pipe.write));
    return await untilEnd(ctx, { spec, place, pid, collector, timeout: options.timeout });
  } finally {
    endAdopting();
    collector.close();
  }
}

const nothing = { output: "", cut: 0, isFound: false, limitsMet: [] } as const;

type Running = {
  readonly spec: InstanceSpec;
  readonly place: Placement;
  readonly pid: number;
  readonly collector: OutputCollector;
  readonly timeout: number;
};

async function untilEnd(ctx: Context, running: Running): Promise<ProgramEnd> {
  const { pid, collector } = running;
  const limits = watchLimits(pid);
  const end = await waitForEnd(ctx, running).catch(async (error: unknown) => {
    await endChild(pid);
    throw error;
  });
  if (end === undefined) {
    await endChild(pid);
    return { status: "timed-out", ...collector.read(), limitsMet: limits() };
  }
  await Promise.race([collector.ended, sleep(drainTime, undefined, { ref: false })]);
  return { ...statusOf(end), ...collector.read(), limitsMet: limits() };
}

/** Undefined when its time is over. Whatever it throws, the process has not been waited for: its number is still its own. */
async function waitForEnd(ctx: Context, running: Running): Promise<ChildEnd | undefined> {
  const { spec, pid, timeout } = running;
  const deadline = Date.now() + timeout;
  await startContainer(runtimePaths(ctx.home), spec.id);
  await assertRunsHardened(running);
  for (let pause = 2; Date.now() < deadline; pause = Math.min(pause * 2, 50)) {
    const end = readChildEnd(pid);
    if (end !== undefined) return end;
    if (ctx.signal.aborted) throw new IngotError("cancelled", `${spec.command[0]} was stopped; nothing of it is left`);
    await sleep(pause);
  }
  return undefined;
}

/** A process that was refused after it was made is this one's child by now, and its end is to be read here. */
async function endRefused({ folder }: Placement, error: unknown): Promise<never> {
  const pid = readPidFile(folder);
  if (pid !== undefined && parentOf(pid) === process.pid) await endChild(pid);
  throw error;
}

/** Ends it with all that it started, which lives in its process namespace, and reads its exit code so that nothing of it is left in the host's table. */
async function endChild(pid: number): Promise<void> {
  process.kill(pid, "SIGKILL");
  while (readChildEnd(pid) === undefined) await sleep(2);
}

/** A program that has ended meanwhile is no failure here; what it was started with was verified before. */
async function assertRunsHardened({ spec, place, pid }: Pick<Running, "spec" | "place" | "pid">): Promise<void> {
  if (!(await untilExecuted(pid))) return;
  try {
    assertHardened(spec, readRunning({ pid, spec, place }));
  } catch (error) {
    if (!(await hasEnded(pid))) throw error;
  }
}
