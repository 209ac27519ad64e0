import { chmodSync, closeSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import { useContent } from "../content/content.ts";
import { imageSource } from "../content/image-source.ts";
import { mountRootfs } from "../content/rootfs.ts";
import { unmountSecrets, writeFiles, writeSecrets } from "../given-files.ts";
import { takeIdRange } from "../id-ranges.ts";
import { writeRecord, type InstanceRecord } from "../instance-record.ts";
import { addNetwork, type InstanceNetwork } from "../network/network.ts";
import { readLogEnd } from "../log/read-log.ts";
import { runtimePaths } from "../paths.ts";
import { placeInstance, writeIdentityFiles } from "../place-instance.ts";
import { identifyProcess } from "../process-identity.ts";
import { hostIdOf, type Placement } from "../profile/placement.ts";
import { ociSpec } from "../profile/profile.ts";
import type { InstanceSpec, LaunchOptions, Secret } from "../runtime.ts";
import { givenSettings } from "../verify/given-settings.ts";
import { assertHardened, hasEnded, readCreated, readRunning, untilExecuted, type Verified } from "../verify/verify.ts";
import { reapAtEnd } from "./adopted-instance.ts";
import { denyTunnelDevice } from "./deny-tunnel-device.ts";
import { recordEnd, watchEnd } from "./instance-end.ts";
import { openInstanceLog } from "./instance-log.ts";
import { createContainer, readPidFile, startContainer } from "./runc.ts";
import type { RuncOptions } from "./runc-driver.ts";

/** Everything between an empty folder and a verified, running instance. The caller removes what is there when this throws. */
export async function launchInstance(
  ctx: Context,
  spec: InstanceSpec,
  options: RuncOptions & LaunchOptions,
): Promise<InstanceRecord> {
  const { record, network, place } = await prepareInstance(ctx, spec, options);
  try {
    const pid = await runVerified(ctx, { spec, place, options });
    const process = identifyProcess(pid);
    if (process === undefined) throw await endedAtOnce(ctx, spec);
    const started = { ...record, running: { process, network } };
    writeRecord(runtimePaths(ctx.home), started);
    watchEnd(process);
    return started;
  } finally {
    // Also one that was refused, and that the caller ends.
    reapAtEnd(readPidFile(place.folder), (end) => recordEnd(runtimePaths(ctx.home), spec.id, end));
  }
}

type Prepared = { readonly record: InstanceRecord; readonly network: InstanceNetwork; readonly place: Placement };

/** All that an instance needs before there is a process in it. */
export async function prepareInstance(
  ctx: Context,
  spec: InstanceSpec,
  { owner, secrets = [] }: LaunchOptions = {},
): Promise<Prepared> {
  const record = { ...recordOf(ctx, spec), ...(owner === undefined ? {} : { owner }) };
  // First of all: it keeps the image's content mounted, and tells what to remove after a crash.
  writeRecord(runtimePaths(ctx.home), record);
  const [network, place] = await bothOrNeither(addNetwork(ctx, spec.id), prepareRoot(ctx, spec, secrets));
  assertWanted(ctx, spec);
  writeIdentityFiles(place.folder, spec.id, network.address);
  return { record, network, place: writeFiles(place, spec.files ?? []) };
}

function assertWanted({ signal }: Context, { id }: InstanceSpec): void {
  if (signal.aborted) throw new IngotError("cancelled", `the start of ${id} was stopped; nothing of it is left`);
}

function recordOf(ctx: Context, spec: InstanceSpec): InstanceRecord {
  return {
    id: spec.id,
    image: spec.image,
    started: ctx.now().toISOString(),
    ...(spec.name === undefined ? {} : { name: spec.name }),
    ...(spec.port === undefined ? {} : { port: spec.port }),
    ...(spec.labels === undefined ? {} : { labels: spec.labels }),
    writable: spec.writable.map(({ path }) => path),
  };
}

async function prepareRoot(ctx: Context, spec: InstanceSpec, secrets: readonly Secret[]): Promise<Placement> {
  const paths = runtimePaths(ctx.home);
  const firstId = await takeIdRange(paths.instance(spec.id));
  const content = await useContent(ctx, imageSource(ctx, spec.image));
  const place = placeInstance(spec, { content, paths, firstId, secrets: secrets.map(({ path }) => path) });
  mountRootfs(content, place.rootfs, firstId);
  return place;
}

/** Both come to their end before an error is thrown: removing what one made must not race with the other making more. */
async function bothOrNeither<One, Other>(one: Promise<One>, other: Promise<Other>): Promise<[One, Other]> {
  await Promise.allSettled([one, other]);
  return [await one, await other];
}

type Launch = {
  readonly spec: InstanceSpec;
  readonly place: Placement;
  readonly options: RuncOptions & LaunchOptions;
};

async function runVerified(ctx: Context, launch: Launch): Promise<number> {
  const { spec, options } = launch;
  const paths = runtimePaths(ctx.home);
  const place = writeSecrets(launch.place, options.secrets ?? [], spec.user);
  const log = openInstanceLog({ folder: place.folder, log: paths.log(spec.id), owner: hostIdOf(place, spec.user) });
  const created = createHardened(ctx, { ...launch, place }, { output: log.write });
  // While runc is at work. Nothing of the instance is executed before both are there.
  const logged = Promise.try(log.begin);
  const [pid] = await bothOrNeither(created, logged).finally(() => {
    closeSync(log.write);
    // The instance's own mounts hold them from here on, and nothing else: they go with it, whatever becomes of this process.
    unmountSecrets(place.folder);
  });
  if (options.isHeld === true) return pid;
  assertWanted(ctx, spec);
  await startContainer(paths, spec.id);
  if (!(await untilExecuted(pid))) throw await endedAtOnce(ctx, spec);
  await assertRunsHardened(ctx, { pid, spec, place });
  return pid;
}

/** Makes the container and verifies it while its first process still waits. With `isShort`, also what can only be read from one that lives for a while. */
export async function createHardened(
  ctx: Context,
  { spec, place, options }: Launch,
  { output, isShort = false }: { readonly output: number; readonly isShort?: boolean },
): Promise<number> {
  const paths = runtimePaths(ctx.home);
  const given = (options.alterProfile ?? ((profile) => profile))(ociSpec(spec, place));
  writeFileSync(join(place.folder, "config.json"), JSON.stringify(given), { mode: 0o600 });
  mkdirSync(paths.runc, { recursive: true });
  chmodSync(paths.runc, 0o711);
  const pid = await createContainer(paths, spec.id, output);
  denyTunnelDevice(pid);
  const short = isShort ? givenSettings(given, spec) : [];
  assertHardened(spec, [...short, ...readCreated({ pid, spec, place }, given)]);
  return pid;
}

/** A process that ends while it is read has no settings any more: files below /proc are missing, and its cgroup is the host's. */
async function assertRunsHardened(ctx: Context, verified: Verified): Promise<void> {
  try {
    assertHardened(verified.spec, readRunning(verified));
  } catch (error) {
    if (!(await hasEnded(verified.pid))) throw error;
    throw await endedAtOnce(ctx, verified.spec);
  }
}

/** What it printed goes with it, so the end of that is part of the error. */
async function endedAtOnce(ctx: Context, spec: InstanceSpec): Promise<IngotError> {
  // The logger is a process of its own: what was printed last is on its way.
  await sleep(50);
  const printed = readLogEnd(runtimePaths(ctx.home).log(spec.id), 16 * 1024).trimEnd();
  return new IngotError("instance-start-failed", `${spec.id} ended as soon as it was started`, {
    details: printed === "" ? [] : printed.split("\n").slice(-10),
    hint: `its command is: ${spec.command.join(" ")}`,
  });
}
