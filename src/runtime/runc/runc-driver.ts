import { chmodSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "../../ground/context.ts";
import { IngotError, isErrno } from "../../ground/error.ts";
import { withFileLock } from "../../ground/file-lock.ts";
import type { Digest } from "../../oci/digest.ts";
import { useContent } from "../content/content.ts";
import { imageSource } from "../content/image-source.ts";
import { isOrphan, listIds, readRecord, type InstanceRecord } from "../instance-record.ts";
import { runtimePaths } from "../paths.ts";
import { isSameProcess, type ProcessIdentity } from "../process-identity.ts";
import type { OciSpec } from "../profile/oci-spec.ts";
import type {
  InstanceId,
  InstanceSpec,
  InstanceState,
  LaunchOptions,
  ProgramEnd,
  RunRequest,
  Runtime,
} from "../runtime.ts";
import { destroyInstance } from "./destroy-instance.ts";
import { executeInside } from "./execute-inside.ts";
import { freezeInstance, killFrozen, thawInstance } from "./freeze-instance.ts";
import { assertInstalled, assertRoot } from "./host-requirements.ts";
import { forgetEnds } from "./instance-end.ts";
import { instanceLogs } from "./instance-logs.ts";
import { launchInstance } from "./launch-instance.ts";
import { observeInstance } from "./observe-instance.ts";
import { placeOf } from "./place-of.ts";
import { runInstance } from "./run-instance.ts";

export type RuncOptions = {
  /** For tests of the verification: what reaches runc instead of the profile. */
  readonly alterProfile?: (profile: OciSpec) => OciSpec;
};

const defaultGrace = 10_000;

/** Instances by runc. Starting is all or nothing; what a crash left is removed by the next `list`. */
export function runcRuntime(ctx: Context, options: RuncOptions = {}): Runtime {
  return {
    start: (spec, launch) => startExclusively(ctx, spec.id, () => start(ctx, spec, { ...options, ...launch })),
    stop: (id, stopOptions) => exclusively(ctx, id, () => stop(ctx, id, stopOptions?.grace ?? defaultGrace)),
    list: () => list(ctx),
    prepare: (image) => prepare(ctx, image),
    freeze: (id) => freezeInstance(runtimePaths(ctx.home), id),
    thaw: async (id) => thawInstance(runtimePaths(ctx.home), id),
    place: async (id) => placeOf(ctx, id),
    logs: (id, request) => instanceLogs(ctx, id, request),
    execute: (id, command, request) => executeInside(ctx, id, { ...options, ...request, command }),
    runToEnd: (spec, request) => startExclusively(ctx, spec.id, () => runToEnd(ctx, spec, { ...options, ...request })),
  };
}

/** The content stays mounted, as it is while an instance uses it, until garbage collection or the end of the image's last instance. */
async function prepare(ctx: Context, image: Digest): Promise<void> {
  assertRoot();
  await useContent(ctx, imageSource(ctx, image));
}

/** Two commands for the same instance come one after the other; a stop waits for a start to be over. */
async function exclusively<T>(ctx: Context, id: InstanceId, work: () => Promise<T>): Promise<T> {
  assertRoot();
  return withFileLock(runtimePaths(ctx.home).instanceLock(id), work, { wait: 60_000, what: `the instance ${id}` });
}

/** Looks first for what a start needs of the host: not even a lock is left of one that cannot be. */
async function startExclusively<T>(ctx: Context, id: InstanceId, work: () => Promise<T>): Promise<T> {
  assertRoot();
  assertInstalled(ctx);
  return exclusively(ctx, id, work);
}

/** One lock from the start to the removal: nobody else has any business with such an instance, and once this process is gone the next `list` removes it. */
async function runToEnd(ctx: Context, spec: InstanceSpec, options: RuncOptions & RunRequest): Promise<ProgramEnd> {
  makeFolders(ctx, spec);
  const end = await runInstance(ctx, spec, options).catch(async (error: unknown) => {
    await destroyInstance(ctx, spec.id).catch((left: unknown) => warnOfRest(ctx, left));
    throw error;
  });
  await destroyInstance(ctx, spec.id);
  return end;
}

async function start(ctx: Context, spec: InstanceSpec, options: RuncOptions & LaunchOptions): Promise<InstanceState> {
  makeFolders(ctx, spec);
  try {
    return observeInstance(ctx, await launchInstance(ctx, spec, options));
  } catch (error) {
    // What failed first is what a person must know; the rest is tried again by the next list.
    await destroyInstance(ctx, spec.id).catch((left: unknown) => warnOfRest(ctx, left));
    throw isErrno(error, "ENOSPC") ? diskFull(spec, error) : error;
  }
}

function diskFull({ id }: InstanceSpec, cause: unknown): IngotError {
  return new IngotError("disk-full", `no space is left for what is kept of the instance ${id}; nothing of it is left`, {
    hint: "free space, or run: ingot gc",
    cause,
  });
}

function makeFolders(ctx: Context, spec: InstanceSpec): void {
  const paths = runtimePaths(ctx.home);
  if (existsSync(paths.instance(spec.id))) {
    throw new IngotError("instance-start-failed", `an instance ${spec.id} exists already`, {
      hint: `ingot stop ${spec.id}`,
    });
  }
  for (const folder of [dirname(paths.run), paths.run, paths.bundles, paths.bundle(spec.id)]) {
    mkdirSync(folder, { recursive: true });
    // The instance's user namespace passes through, whatever the umask was.
    chmodSync(folder, 0o711);
  }
  mkdirSync(paths.instance(spec.id), { recursive: true, mode: 0o700 });
}

function warnOfRest(ctx: Context, left: unknown): void {
  if (!(left instanceof IngotError)) throw left;
  ctx.report.warn([left.message, ...left.details, `next: ${left.hint}`].join("\n  "));
}

async function stop(ctx: Context, id: InstanceId, grace: number): Promise<void> {
  const paths = runtimePaths(ctx.home);
  const record = readRecord(paths, id);
  if (record === undefined && !listIds(paths).includes(id)) {
    // Else the name that a person mistyped stays below /run as a file.
    rmSync(paths.instanceLock(id), { force: true });
    throw new IngotError("instance-unknown", `there is no instance ${id}`, { hint: "ingot instances" });
  }
  killFrozen(paths.cgroup(id));
  if (record?.running !== undefined) await terminate(record.running.process, grace);
  await destroyInstance(ctx, id);
}

/** SIGTERM to the instance's first process; what does not listen is killed when the container is deleted. */
async function terminate(identity: ProcessIdentity, grace: number): Promise<void> {
  if (grace <= 0 || !isSameProcess(identity)) return;
  process.kill(identity.pid, "SIGTERM");
  const deadline = Date.now() + grace;
  while (isSameProcess(identity) && Date.now() < deadline) await sleep(5);
}

async function list(ctx: Context): Promise<readonly InstanceState[]> {
  const paths = runtimePaths(ctx.home);
  const states = await Promise.all(listIds(paths).map(async (id) => reconcile(ctx, id, readRecord(paths, id))));
  forgetEnds();
  return states.flatMap((state) => (state === undefined ? [] : [state]));
}

/** The state of what was started; what was cut off in the middle of its start or its end is removed, unless another process is at work on it. */
async function reconcile(
  ctx: Context,
  id: InstanceId,
  record: InstanceRecord | undefined,
): Promise<InstanceState | undefined> {
  if (record?.running !== undefined && !isOrphan(record)) return observeInstance(ctx, record);
  const paths = runtimePaths(ctx.home);
  try {
    return await withFileLock(paths.instanceLock(id), async () => {
      // Read again: between the first look and the lock another process may have ended its start, or its stop.
      const now = readRecord(paths, id);
      if (now?.running !== undefined && !isOrphan(now)) return observeInstance(ctx, now);
      const isLeft = listIds(paths).includes(id);
      await destroyInstance(ctx, id);
      if (isLeft) ctx.report.warn(`what was left of ${id}, ${whyLeft(now)}, is removed`);
      return undefined;
    });
  } catch (error) {
    if (!(error instanceof IngotError)) throw error;
    // One instance that cannot be removed must not hide the others.
    if (error.code === "instance-stop-failed") warnOfRest(ctx, error);
    else if (error.code !== "locked-by-another") throw error;
    return undefined;
  }
}

function whyLeft(record: InstanceRecord | undefined): string {
  return record?.running === undefined ? "whose start was cut off" : "whose command was cut off";
}
