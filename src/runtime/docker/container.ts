import { constants } from "node:os";
import type { ContainerInfo, ContainerInspectInfo } from "dockerode";
import { IngotError } from "../../ground/error.ts";
import { readRecord } from "../instance-record.ts";
import { isSameProcess } from "../process-identity.ts";
import type { InstanceId, InstanceState } from "../runtime.ts";
import type { ContainerLabel } from "./container-label.ts";
import { homeLabel, readLabel } from "./container-label.ts";
import { reach, reasonOf, statusOf } from "./daemon.ts";
import type { Engine } from "./engine.ts";

export type OwnContainer = { readonly info: ContainerInfo; readonly label: ContainerLabel };

/** The name of an instance's container: another one of the same home and id is refused by the engine. */
export function containerName({ paths }: Pick<Engine, "paths">, id: InstanceId): string {
  return `ingot-${paths.hostName(id)}`;
}

/** All containers of this home, running or not. */
export async function listOwn(engine: Engine): Promise<readonly OwnContainer[]> {
  const { api, socket } = await engine.daemon();
  const filters = { label: [`${homeLabel}=${engine.paths.key}`] };
  const all = await reach(socket, () => api.listContainers({ all: true, filters }));
  return all.flatMap((info) => {
    const label = readLabel(info.Labels);
    return label === undefined ? [] : [{ info, label }];
  });
}

/** Undefined when there is no such container, or when it is not of this home. */
export async function inspectOwn(engine: Engine, id: InstanceId): Promise<ContainerInspectInfo | undefined> {
  const { api, socket } = await engine.daemon();
  try {
    const found = await reach(socket, () => api.getContainer(containerName(engine, id)).inspect());
    return found.Config.Labels[homeLabel] === engine.paths.key ? found : undefined;
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}

/** One that was started and verified, in whatever state it is now. Throws `instance-unknown`. */
export async function knownContainer(engine: Engine, id: InstanceId): Promise<ContainerInspectInfo> {
  const found = readRecord(engine.paths, id)?.running === undefined ? undefined : await inspectOwn(engine, id);
  if (found !== undefined) return found;
  throw new IngotError("instance-unknown", `there is no instance ${id}`, { hint: "ingot instances" });
}

/** Throws `instance-unknown`, `instance-not-running`. */
export async function runningContainer(engine: Engine, id: InstanceId): Promise<ContainerInspectInfo> {
  const found = await knownContainer(engine, id);
  if (found.State.Running && !found.State.Paused) return found;
  throw notRunning(id, found);
}

export function notRunning(id: InstanceId, { State }: ContainerInspectInfo): IngotError {
  return new IngotError("instance-not-running", `${id} is ${State.Paused ? "frozen" : "not running any more"}`, {
    hint: `ingot logs ${id}`,
  });
}

/** What an instance is now; undefined for one that never came to be, or whose owner is gone. */
export async function observeContainer(
  engine: Engine,
  { info, label }: OwnContainer,
): Promise<InstanceState | undefined> {
  const running = readRecord(engine.paths, label.id)?.running;
  const isOrphan = label.owner !== undefined && !isSameProcess(label.owner);
  if (running === undefined || isOrphan || label.isProgram) return undefined;
  const { id, image, name, port, labels, started } = label;
  const isAlive = ["running", "paused"].includes(info.State) && isSameProcess(running.process);
  const ended = isAlive ? {} : { end: endOf((await inspectOwn(engine, id))?.State) };
  return {
    id,
    image,
    started,
    status: isAlive ? aliveAs(info) : "exited",
    ...(name === undefined ? {} : { name }),
    ...(isAlive ? { pid: running.process.pid } : {}),
    address: running.network.address,
    ...(port === undefined ? {} : { port }),
    ...(labels === undefined ? {} : { labels }),
    ...(ended.end === undefined ? {} : { end: ended.end }),
  };
}

function aliveAs({ State }: ContainerInfo): "frozen" | "running" {
  return State === "paused" ? "frozen" : "running";
}

type End = NonNullable<InstanceState["end"]>;

function endOf(state: ContainerInspectInfo["State"] | undefined): End | undefined {
  if (state === undefined || state.Running) return undefined;
  const signal = signalOf(state.ExitCode);
  const isOutOfMemory = state.OOMKilled;
  return signal === undefined ? { code: state.ExitCode, isOutOfMemory } : { signal, isOutOfMemory };
}

/** An engine tells of a signal by 128 and its number, as a shell does; a program that exits with such a code cannot be told from one that was killed. */
export function signalOf(code: number): string | undefined {
  if (code <= 128) return undefined;
  return Object.entries(constants.signals).find(([, number]) => number === code - 128)?.[0];
}

/** Whatever the engine refuses of a start. */
export function startFailed(id: InstanceId, what: string, error: unknown): IngotError {
  if (error instanceof IngotError) return error;
  return new IngotError("instance-start-failed", `${what} failed for ${id}: ${reasonOf(error)}`, {
    hint: "the command of the image may be missing or not executable",
    cause: error,
  });
}
