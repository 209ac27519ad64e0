import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, copyFileSync, mkdirSync, openSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { writeFileAtomic } from "../../ground/atomic-file.ts";
import { IngotError, isErrno } from "../../ground/error.ts";
import { explainStart } from "./explain-start.ts";
import { findListener } from "./find-listener.ts";
import type { ProxyConfig } from "./proxy-config.ts";
import {
  askProxy,
  forgetGenerations,
  listGenerations,
  readProxyLog,
  rememberProcess,
  signalProcess,
  type LivingProxy,
} from "./proxy-process.ts";
import { identifyProcess } from "../../runtime/process-identity.ts";
import { readServers } from "./read-proxy.ts";
import { tellProxy } from "./runtime-api.ts";
import { makePrivateFolder, type TrafficPaths } from "./traffic-paths.ts";
import type { WantedTraffic } from "./traffic.ts";

/**
 * Starts a HAProxy, detached: it goes on when this process does not. With `former`, it takes the open sockets of that one over, so that no connection is refused, and that one
 * finishes what it has. Throws `command-missing`, `listen-failed`, `proxy-failed`; then `former` serves on.
 */
export async function startProxy(
  paths: TrafficPaths,
  config: ProxyConfig,
  { wanted, former }: { wanted: WantedTraffic; former?: LivingProxy | undefined },
): Promise<LivingProxy> {
  makePlace(paths);
  const takeOver = former === undefined ? [] : ["-x", former.socket];
  let started = await startOnce(paths, config, takeOver);
  if (started === undefined && former !== undefined && isHeldBy(former, wanted)) {
    // The one address is a part of the other (127.0.0.1 and 0.0.0.0): only with -sf does HAProxy ask its forerunner to let go first, and then connections may be refused for a moment.
    started = await startOnce(paths, config, [...takeOver, "-sf", String(former.identity.pid)]);
  }
  if (started === undefined) throw await explainStart(wanted, readProxyLog(paths));
  if (former !== undefined) await retire(paths, former, started);
  forgetGenerations(paths, started.generation);
  return started;
}

async function startOnce(
  paths: TrafficPaths,
  config: ProxyConfig,
  takeOver: readonly string[],
): Promise<LivingProxy | undefined> {
  const generation = Math.max(0, ...listGenerations(paths)) + 1;
  writeConfig(paths, config.text(generation));
  // With a forerunner, requests may wait there until this one serves.
  if (takeOver.length === 0) pointWaiting(paths, generation);
  const child = await spawnProxy(paths, takeOver);
  return waitUntilServing(paths, generation, child);
}

/** Whatever waits from now on, in any process of this proxy, waits in that one. */
function pointWaiting(paths: TrafficPaths, generation: number): void {
  const temporary = `${paths.waitingLink}.new`;
  rmSync(temporary, { force: true });
  symlinkSync(basename(paths.waiting(generation)), temporary);
  renameSync(temporary, paths.waitingLink);
}

function isHeldBy(former: LivingProxy, { listen }: WantedTraffic): boolean {
  return findListener(listen)?.pid === former.identity.pid;
}

/**
 * Lets a process finish. What its clients ask on connections that they kept goes to its successor from now on, by the way of requests for which there is no server: it would not be told of servers that are
 * replaced later. What is under way goes on.
 */
export async function retire(paths: TrafficPaths, former: LivingProxy, successor: LivingProxy): Promise<void> {
  pointWaiting(paths, successor.generation);
  const servers = await readServers(former.socket, ["servers", "once"]);
  const names = (servers ?? []).flatMap(({ backend, place, status }) =>
    status === "out" ? [] : `${backend}/s${place}`,
  );
  await tellProxy(
    former.socket,
    names.map((name) => `set server ${name} state maint`),
  );
  signalProcess(former.identity, "SIGUSR1");
}

/** Written whole after each change of the servers, so that it is right whenever HAProxy is started from it. */
export function writeConfig(paths: TrafficPaths, text: string): void {
  writeFileAtomic(paths.config, text, { mode: 0o600, durable: false });
}

function makePlace(paths: TrafficPaths): void {
  makePrivateFolder(paths.run);
  mkdirSync(paths.root, { recursive: true, mode: 0o755 });
  // Beside its configuration, so that the two fit whatever release of Ingot comes next.
  copyFileSync(join(import.meta.dirname, "hold.lua"), paths.hold);
}

async function spawnProxy(paths: TrafficPaths, takeOver: readonly string[]): Promise<ChildProcess> {
  // Emptied by each start, and quiet after it (-q): it cannot grow.
  const log = openSync(paths.log, "w", 0o600);
  try {
    const child = spawn("haproxy", ["-db", "-q", "-f", paths.config, ...takeOver], {
      detached: true,
      cwd: "/",
      env: { PATH: process.env["PATH"] },
      stdio: ["ignore", log, log],
    });
    await once(child, "spawn");
    child.unref();
    const identity = child.pid === undefined ? undefined : identifyProcess(child.pid);
    // Before it serves: whoever is killed now has left a process that can be found.
    if (identity !== undefined) rememberProcess(paths, identity);
    return child;
  } catch (error) {
    if (!isErrno(error, "ENOENT")) throw error;
    throw new IngotError("command-missing", "the program haproxy is not installed", {
      hint: "apt-get install haproxy",
      cause: error,
    });
  } finally {
    closeSync(log);
  }
}

/** Undefined: it ended. Throws `proxy-failed` when it neither serves nor ends in ten seconds. */
async function waitUntilServing(
  paths: TrafficPaths,
  generation: number,
  child: ChildProcess,
): Promise<LivingProxy | undefined> {
  const deadline = performance.now() + 10_000;
  while (child.exitCode === null && child.signalCode === null) {
    const living = await askProxy(paths, generation);
    if (living?.identity.pid === child.pid) return living;
    if (performance.now() > deadline) {
      child.kill("SIGKILL");
      throw new IngotError("proxy-failed", "HAProxy was started and does not answer after 10 seconds", {
        hint: `see ${paths.log}`,
        details: readProxyLog(paths),
      });
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return undefined;
}
