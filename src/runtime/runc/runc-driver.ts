import { chmodSync, existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { Context } from "../../ground/context.ts";
import { IngotError, isErrno } from "../../ground/error.ts";
import { withFileLock } from "../../ground/file-lock.ts";
import type { Digest } from "../../oci/digest.ts";
import { useContent } from "../content/content.ts";
import { imageSource } from "../content/image-source.ts";
import { runtimePaths } from "../paths.ts";
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
import { freezeInstance, thawInstance } from "./freeze-instance.ts";
import { assertInstalled, assertRoot } from "./host-requirements.ts";
import { instanceLogs } from "./instance-logs.ts";
import { launchInstance } from "./launch-instance.ts";
import { listInstances } from "./list-instances.ts";
import { observeInstance } from "./observe-instance.ts";
import { placeOf } from "./place-of.ts";
import { runInstance } from "./run-instance.ts";
import { stopInstance } from "./stop-instance.ts";
import { warnOfRest } from "./warn-of-rest.ts";

export type RuncOptions = {
  /** For tests of the verification: what reaches runc instead of the profile. */
  readonly alterProfile?: (profile: OciSpec) => OciSpec;
};

const defaultGrace = 10_000;

/** Instances by runc. Starting is all or nothing; what a crash left is removed by the next `list`. */
export function runcRuntime(ctx: Context, options: RuncOptions = {}): Runtime {
  return {
    start: (spec, launch) => startExclusively(ctx, spec.id, () => start(ctx, spec, { ...options, ...launch })),
    stop: (id, stopOptions) => exclusively(ctx, id, () => stopInstance(ctx, id, stopOptions?.grace ?? defaultGrace)),
    list: () => listInstances(ctx),
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
    return observeInstance(runtimePaths(ctx.home), await launchInstance(ctx, spec, options));
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
