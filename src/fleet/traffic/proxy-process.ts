import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { writeFileAtomic } from "../../ground/atomic-file.ts";
import { isErrno } from "../../ground/error.ts";
import { jsonOrUndefined } from "../../ground/json-or-undefined.ts";
import { identifyProcess, isSameProcess, type ProcessIdentity } from "../../runtime/process-identity.ts";
import { tellProxy } from "./runtime-api.ts";
import type { TrafficPaths } from "./traffic-paths.ts";

/** A HAProxy that serves. It is known by its socket, in a folder that is root's alone: whoever answers there is ours, and says its number itself. */
export type LivingProxy = {
  readonly identity: ProcessIdentity;
  readonly generation: number;
  readonly socket: string;
  readonly shape: string;
};

/** The process that serves, newest first: after a crash in the middle of a handover there may be two. Those that are on their way out answer no more. */
export async function findProxies(paths: TrafficPaths): Promise<readonly LivingProxy[]> {
  const found: LivingProxy[] = [];
  for (const generation of listGenerations(paths)) {
    const proxy = await askProxy(paths, generation);
    if (proxy !== undefined) found.push(proxy);
  }
  return found;
}

/** Undefined: none of that generation serves. */
export async function askProxy(paths: TrafficPaths, generation: number): Promise<LivingProxy | undefined> {
  const socket = paths.admin(generation);
  const answer = await tellProxy(socket, ["show info"]);
  const field = (name: string): string => new RegExp(`^${name}: (.*)$`, "m").exec(answer ?? "")?.[1] ?? "";
  const identity = answer === undefined ? undefined : identifyProcess(Number(field("Pid")));
  if (identity === undefined || field("Stopping") !== "0") return undefined;
  return { identity, generation, socket, shape: field("description") };
}

/** Newest first; a socket file says nothing of whether its process lives. */
export function listGenerations(paths: TrafficPaths): readonly number[] {
  try {
    return readdirSync(paths.folder)
      .flatMap((name) => /^admin-(\d+)\.sock$/.exec(name)?.[1] ?? [])
      .map(Number)
      .toSorted((a, b) => b - a);
  } catch (error) {
    if (isErrno(error, "ENOENT")) return [];
    throw error;
  }
}

const identities = z.array(z.object({ pid: z.number(), startTime: z.string(), bootId: z.string() }));

/** All processes of a proxy that still live: also those that serve no more, and finish what is under way. */
export function listProcesses(paths: TrafficPaths): readonly ProcessIdentity[] {
  const parsed = identities.safeParse(jsonOrUndefined(readText(paths.processes)));
  return parsed.success ? parsed.data.filter(isSameProcess) : [];
}

export function rememberProcess(paths: TrafficPaths, identity: ProcessIdentity): void {
  const others = listProcesses(paths).filter(({ pid }) => pid !== identity.pid);
  // What a restart of the host takes need not outlive it.
  writeFileAtomic(paths.processes, JSON.stringify([...others, identity]), { mode: 0o600, durable: false });
}

/** Only ever a process of ours: its number may be another's by now. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): void {
  if (!isSameProcess(identity)) return;
  try {
    process.kill(identity.pid, signal);
  } catch (error) {
    if (!isErrno(error, "ESRCH")) throw error;
  }
}

/** Files of processes before `generation`, which have closed their sockets. */
export function forgetGenerations(paths: TrafficPaths, before: number): void {
  for (const generation of listGenerations(paths)) {
    if (generation >= before) continue;
    rmSync(paths.admin(generation), { force: true });
    rmSync(paths.waiting(generation), { force: true });
  }
}

/** Ends processes once their connections are done, or after `drain` milliseconds, whatever is under way then. */
export async function endProcesses(processes: readonly ProcessIdentity[], drain: number): Promise<void> {
  // SIGUSR1: no new connections, and the end with the last one. SIGTERM: the end.
  for (const one of processes) signalProcess(one, "SIGUSR1");
  await waitForEnd(processes, drain);
  for (const one of processes) signalProcess(one, "SIGTERM");
  await waitForEnd(processes, 2000);
  for (const one of processes) signalProcess(one, "SIGKILL");
  await waitForEnd(processes, 2000);
}

async function waitForEnd(processes: readonly ProcessIdentity[], milliseconds: number): Promise<void> {
  const deadline = performance.now() + milliseconds;
  while (processes.some(isSameProcess) && performance.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 20));
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (isErrno(error, "ENOENT")) return "[]";
    throw error;
  }
}

/** The end of what HAProxy printed, for people. */
export function readProxyLog(paths: TrafficPaths): readonly string[] {
  return readText(join(paths.log))
    .replaceAll(/[^\x20-\x7e\n]/g, "?")
    .trimEnd()
    .split("\n")
    .slice(-12);
}
