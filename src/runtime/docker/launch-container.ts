import { setTimeout as sleep } from "node:timers/promises";
import type { Container } from "dockerode";
import { IngotError } from "../../ground/error.ts";
import { unmountSecrets } from "../given-files.ts";
import { writeRecord, type InstanceRecord } from "../instance-record.ts";
import { attachNetwork } from "../network/attach-network.ts";
import { addNetwork, type InstanceNetwork } from "../network/network.ts";
import { identifyProcess } from "../process-identity.ts";
import { denyTunnelDevice } from "../runc/deny-tunnel-device.ts";
import type { InstanceSpec, LaunchOptions } from "../runtime.ts";
import { hasEnded, untilExecuted } from "../verify/verify.ts";
import { containerName, startFailed } from "./container.ts";
import { labelsOf } from "./container-label.ts";
import { containerPlan } from "./container-plan.ts";
import { reach } from "./daemon.ts";
import type { Engine } from "./engine.ts";
import { lastPrinted } from "./container-logs.ts";
import { writeIdentity } from "./identity-files.ts";
import type { Prepared } from "./prepare-container.ts";
import { assertContainerHardened } from "./verify-container.ts";

export type Launched = { readonly container: Container; readonly started: string };

/** A container that was never started. Throws `instance-start-failed`. */
export async function createOwn(
  engine: Engine,
  spec: InstanceSpec,
  {
    prepared,
    isProgram,
    owner,
  }: { readonly prepared: Prepared; readonly isProgram: boolean; readonly owner: LaunchOptions["owner"] },
): Promise<Launched & { readonly network: InstanceNetwork | undefined }> {
  const { ctx, options, paths } = engine;
  const { daemon, found, place, tmpfsFolders } = prepared;
  const started = ctx.now().toISOString();
  const isOwnNetwork = options.network === undefined && !daemon.hasBridge;
  // podman enters a namespace that is there; Docker can only make one of its own, which is connected once it is there.
  const network = isOwnNetwork && daemon.kind === "podman" ? await addNetwork(ctx, spec.id) : undefined;
  const own = network === undefined ? "none" : `ns:${place.networkNamespace}`;
  const plan = containerPlan(spec, {
    place,
    tmpfsFolders,
    image: found.id,
    labels: labelsOf(spec, { key: paths.key, started, isProgram, owner }),
    network: options.network ?? (daemon.hasBridge ? "bridge" : own),
    kind: daemon.kind,
    seccompFile: paths.seccomp,
    hasAppArmor: daemon.hasAppArmor,
    logDriver: options.logDriver ?? "json-file",
    volumes: found.volumes.filter((path) => !place.tmpfs.some((entry) => entry.path === path)),
  });
  const given = (options.alterPlan ?? ((same) => same))(plan);
  try {
    const container = await reach(daemon.socket, () =>
      daemon.api.createContainer({ ...given, name: containerName(engine, spec.id) }),
    );
    return { container, started, network };
  } catch (error) {
    throw startFailed(spec.id, "making the container", error);
  }
}

/** Everything between an empty folder and a verified, running instance. The caller removes what is there when this throws. */
export async function launchContainer(
  engine: Engine,
  spec: InstanceSpec,
  { prepared, owner }: { readonly prepared: Prepared; readonly owner: LaunchOptions["owner"] },
): Promise<InstanceRecord> {
  const { container, started, network } = await createOwn(engine, spec, { prepared, isProgram: false, owner });
  const { daemon, place } = prepared;
  if (engine.ctx.signal.aborted)
    throw new IngotError("cancelled", `the start of ${spec.id} was stopped; nothing of it is left`);
  try {
    await reach(daemon.socket, () => container.start());
    const running = await connectAndVerify(engine, spec, { prepared, container, network });
    unmountSecrets(place.folder);
    const process = identifyProcess(running.pid);
    if (process === undefined) throw await endedAtOnce(container, spec);
    const record = { id: spec.id, image: spec.image, started, running: { process, network: running.network } };
    writeRecord(engine.paths, record);
    return record;
  } catch (error) {
    throw startFailed(spec.id, "starting the container", error);
  }
}

export type Made = {
  readonly prepared: Prepared;
  readonly container: Container;
  readonly network: InstanceNetwork | undefined;
};

/** What can only be done to a process that runs: its network, where the engine has none, and the look at all of its settings. */
export async function connectAndVerify(
  engine: Engine,
  spec: InstanceSpec,
  { prepared, container, network: given }: Made,
): Promise<{ readonly pid: number; readonly network: InstanceNetwork }> {
  const { daemon, place } = prepared;
  const info = await reach(daemon.socket, () => container.inspect());
  const pid = info.State.Pid;
  if (!info.State.Running || pid === 0 || identifyProcess(pid) === undefined) throw await endedAtOnce(container, spec);
  try {
    denyTunnelDevice(pid);
    const engines = Object.values(info.NetworkSettings.Networks).find(({ IPAddress }) => IPAddress !== "");
    const isEngines = engines !== undefined && given === undefined;
    const network = isEngines
      ? { address: engines.IPAddress, subnet: "", result: undefined }
      : (given ?? (await attachNetwork(engine.ctx, spec.id, pid)));
    writeIdentity(info, spec.id, network.address);
    if (!(await untilExecuted(pid))) throw await endedAtOnce(container, spec);
    assertContainerHardened(spec, { pid, place, daemon });
    return { pid, network };
  } catch (error) {
    // What is read of a process that ends meanwhile is not there any more.
    if (!(await hasEnded(pid))) throw error;
    throw await endedAtOnce(container, spec);
  }
}

/** What it printed goes with it, so the end of that is part of the error. */
async function endedAtOnce(container: Container, spec: InstanceSpec): Promise<IngotError> {
  await sleep(50);
  const printed = await lastPrinted(container);
  return new IngotError("instance-start-failed", `${spec.id} ended as soon as it was started`, {
    details: printed === "" ? [] : printed.split("\n").slice(-10),
    hint: `its command is: ${spec.command.join(" ")}`,
  });
}
