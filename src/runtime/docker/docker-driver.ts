import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import { withFileLock } from "../../ground/file-lock.ts";
import type { Digest } from "../../oci/digest.ts";
import { listIds, readRecord } from "../instance-record.ts";
import { identifyProcess, isSameProcess } from "../process-identity.ts";
import { assertInstalled, assertRoot } from "../runc/host-requirements.ts";
import type {
  InstanceId,
  InstancePlace,
  InstanceSpec,
  InstanceState,
  LaunchOptions,
  ProgramEnd,
  RunRequest,
  Runtime,
} from "../runtime.ts";
import {
  containerName,
  inspectOwn,
  knownContainer,
  listOwn,
  notRunning,
  observeContainer,
  type OwnContainer,
} from "./container.ts";
import { readLabel } from "./container-label.ts";
import { containerLogs } from "./container-logs.ts";
import { reach, statusOf } from "./daemon.ts";
import { useDaemonImage } from "./daemon-image.ts";
import { destroyContainer } from "./destroy-container.ts";
import { createEngine, type DockerOptions, type Engine } from "./engine.ts";
import { executeCommand } from "./execute-command.ts";
import { viewImage } from "./image-view.ts";
import { launchContainer } from "./launch-container.ts";
import { makeFolders, prepareContainer } from "./prepare-container.ts";
import { runProgram } from "./run-program.ts";

const defaultGrace = 10_000;

/** Instances by Docker Engine or podman, on this host. Starting is all or nothing; what a crash left is found by its label and removed by the next `list`. */
export function dockerRuntime(ctx: Context, options: DockerOptions = {}): Runtime {
  const engine = createEngine(ctx, options);
  return {
    start: (spec, launch) => exclusively(engine, spec.id, () => start(engine, spec, launch ?? {})),
    stop: (id, stopOptions) => exclusively(engine, id, () => stop(engine, id, stopOptions?.grace ?? defaultGrace)),
    list: () => list(engine),
    prepare: (image) => prepare(engine, image),
    freeze: (id) => setPaused(engine, id, true),
    thaw: (id) => setPaused(engine, id, false),
    place: (id) => placeOf(engine, id),
    logs: (id, request) => containerLogs(engine, id, request),
    execute: (id, command, request) => executeCommand(engine, id, { ...request, command }),
    runToEnd: (spec, request) => exclusively(engine, spec.id, () => runToEnd(engine, spec, request)),
  };
}

/** Two commands for the same instance come one after the other; a stop waits for a start to be over. */
function exclusively<T>({ paths }: Engine, id: InstanceId, work: () => Promise<T>): Promise<T> {
  assertRoot();
  return withFileLock(paths.instanceLock(id), work, { wait: 60_000, what: `the instance ${id}` });
}

async function prepare(engine: Engine, image: Digest): Promise<void> {
  assertRoot();
  const found = await useDaemonImage(engine.ctx, await engine.daemon(), image, engine.options.registry);
  await viewImage(engine.ctx, { image, found, paths: engine.paths }, () => {});
}

async function start(
  engine: Engine,
  spec: InstanceSpec,
  { owner, secrets = [], isHeld }: LaunchOptions,
): Promise<InstanceState> {
  if (isHeld === true) throw cannotHold(spec.id);
  assertInstalled(engine.ctx);
  await assertFree(engine, spec.id);
  makeFolders(engine, spec);
  return orDestroyed(engine, spec.id, async () => {
    const prepared = await prepareContainer(engine, spec, secrets);
    await launchContainer(engine, spec, { prepared, owner });
    const own = (await listOwn(engine)).find(({ label }) => label.id === spec.id);
    const state = own === undefined ? undefined : await observeContainer(engine, own);
    if (state !== undefined) return state;
    throw new IngotError("instance-start-failed", `${spec.id} is gone again`, { hint: "see the engine's log" });
  });
}

function cannotHold(id: InstanceId): IngotError {
  return new IngotError(
    "runtime-unsupported",
    `${id} cannot be held before its command: the engine executes it at once`,
    {
      hint: "INGOT_RUNTIME=runc",
    },
  );
}

async function assertFree(engine: Engine, id: InstanceId): Promise<void> {
  if ((await inspectOwn(engine, id)) === undefined) return;
  throw new IngotError("instance-start-failed", `an instance ${id} exists already`, { hint: `ingot stop ${id}` });
}

async function runToEnd(engine: Engine, spec: InstanceSpec, request: RunRequest): Promise<ProgramEnd> {
  assertInstalled(engine.ctx);
  await assertFree(engine, spec.id);
  makeFolders(engine, spec);
  const end = await orDestroyed(engine, spec.id, () => runProgram(engine, spec, request));
  await destroyContainer(engine, spec.id);
  return end;
}

/** What failed first is what a person must know; the rest is tried again by the next list. */
async function orDestroyed<T>(engine: Engine, id: InstanceId, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await destroyContainer(engine, id).catch((left: unknown) => warnOfRest(engine.ctx, left));
    throw error;
  }
}

function warnOfRest(ctx: Context, left: unknown): void {
  if (!(left instanceof IngotError)) throw left;
  ctx.report.warn([left.message, ...left.details, `next: ${left.hint}`].join("\n  "));
}

async function stop(engine: Engine, id: InstanceId, grace: number): Promise<void> {
  const record = readRecord(engine.paths, id);
  const found = await inspectOwn(engine, id);
  if (found === undefined && !listIds(engine.paths).includes(id)) {
    throw new IngotError("instance-unknown", `there is no instance ${id}`, { hint: "ingot instances" });
  }
  const identity = record?.running?.process;
  if (identity !== undefined && grace > 0 && found?.State.Paused === false && isSameProcess(identity)) {
    process.kill(identity.pid, "SIGTERM");
    const deadline = Date.now() + grace;
    while (isSameProcess(identity) && Date.now() < deadline) await sleep(5);
  }
  await destroyContainer(engine, id);
}

/** Also removes what was cut off in the middle of its start or its end, unless another process is at work on it. */
async function list(engine: Engine): Promise<readonly InstanceState[]> {
  const own = await listOwn(engine);
  const states = await Promise.all(own.map((container) => reconcile(engine, container.label.id, container)));
  const known = new Set(own.map(({ label }) => label.id));
  for (const id of listIds(engine.paths)) if (!known.has(id)) await reconcile(engine, id, undefined);
  const found = states.flatMap((state) => (state === undefined ? [] : [state]));
  return found.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

async function reconcile(
  engine: Engine,
  id: InstanceId,
  own: OwnContainer | undefined,
): Promise<InstanceState | undefined> {
  const state = own === undefined ? undefined : await observeContainer(engine, own);
  if (state !== undefined) return state;
  try {
    return await withFileLock(engine.paths.instanceLock(id), () => again(engine, id));
  } catch (error) {
    if (!(error instanceof IngotError)) throw error;
    // One instance that cannot be removed must not hide the others.
    if (error.code === "instance-stop-failed") warnOfRest(engine.ctx, error);
    else if (error.code !== "locked-by-another") throw error;
    return undefined;
  }
}

/** Between the first look and the lock another process may have ended its start, or its stop. */
async function again(engine: Engine, id: InstanceId): Promise<InstanceState | undefined> {
  const own = (await listOwn(engine)).find(({ label }) => label.id === id);
  const state = own === undefined ? undefined : await observeContainer(engine, own);
  if (state !== undefined) return state;
  const isLeft = own !== undefined || listIds(engine.paths).includes(id);
  await destroyContainer(engine, id);
  if (isLeft) engine.ctx.report.warn(`what was left of ${id}, whose start or command was cut off, is removed`);
  return undefined;
}

/** May be repeated: the engine refuses the second time, and then it is asked how things are. */
async function setPaused(engine: Engine, id: InstanceId, isWanted: boolean): Promise<void> {
  const { State } = await knownContainer(engine, id);
  if (State.Paused === isWanted && State.Running) return;
  const { api, socket } = await engine.daemon();
  const container = api.getContainer(containerName(engine, id));
  try {
    await reach(socket, () => (isWanted ? container.pause() : container.unpause()));
  } catch (error) {
    if (statusOf(error) === undefined) throw error;
    const now = await knownContainer(engine, id);
    if (now.State.Paused !== isWanted || !now.State.Running) throw notRunning(id, now);
  }
}

async function placeOf(engine: Engine, id: InstanceId): Promise<InstancePlace> {
  const info = await knownContainer(engine, id);
  const identity = readRecord(engine.paths, id)?.running?.process;
  const isAlive = identity !== undefined && isSameProcess(identity) && identifyProcess(info.State.Pid) !== undefined;
  if (!isAlive) throw notRunning(id, info);
  const writable = readLabel(info.Config.Labels)?.writable ?? [];
  return { pid: identity.pid, cgroup: cgroupOf(identity.pid), writable };
}

/** By the freezer's hierarchy, or that of version 2. */
function cgroupOf(pid: number): string {
  const lines = readFileSync(`/proc/${pid}/cgroup`, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => line.split(":"));
  const found =
    lines.find(([, controllers]) => controllers === "freezer") ?? lines.find(([, controllers]) => controllers === "");
  return found?.slice(2).join(":") ?? "/";
}
