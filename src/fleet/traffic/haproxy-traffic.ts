import { rmSync } from "node:fs";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import { withFileLock } from "../../ground/file-lock.ts";
import type { ServiceKey } from "../fleet.ts";
import { listKept, readKept, writeKept, type KeptTraffic } from "./kept-traffic.ts";
import { cutLater } from "./cut-later.ts";
import { busyPlaces, hasAllPlaces, isAt, planLaterCuts, planMoves } from "./move-servers.ts";
import { backendNames, proxyConfig } from "./proxy-config.ts";
import { readProxyHost } from "./proxy-host.ts";
import { endProcesses, findProxies, listProcesses, type LivingProxy } from "./proxy-process.ts";
import { readServers, readStatistics, type SeenServer } from "./read-proxy.ts";
import { tellProxy } from "./runtime-api.ts";
import { assignSlots, sizeFor } from "./slots.ts";
import { retire, startProxy, writeConfig } from "./start-proxy.ts";
import { makePrivateFolder, trafficPaths, type TrafficPaths } from "./traffic-paths.ts";
import type { SeenTraffic, Traffic, WantedTraffic } from "./traffic.ts";

export type TrafficOptions = {
  /** How many requests of a service may wait at once while no server is there; the others are told so at once. Default 1000. */
  readonly held?: number;
};

/** The proxies of a home: one HAProxy for each service. */
export function haproxyTraffic(ctx: Pick<Context, "home">, options: TrafficOptions = {}): Traffic {
  const { home } = ctx;
  const held = options.held ?? 1000;
  const alone = async <T>(key: ServiceKey, work: (paths: TrafficPaths) => Promise<T>): Promise<T> => {
    const paths = trafficPaths(home, key);
    return withFileLock(lockOf(paths), async () => work(paths), { wait: 60_000, what: `the proxy of ${key.service}` });
  };
  return {
    apply: async (key, wanted) => alone(key, async (paths) => apply(paths, { key, wanted, held })),
    look: async (key) => look(trafficPaths(home, key)),
    list: () => Promise.resolve(listKept(home).flatMap((path) => readKept(path)?.key ?? [])),
    remove: async (key, { drain }) => alone(key, async (paths) => remove(paths, drain)),
  };
}

function lockOf(paths: TrafficPaths): string {
  makePrivateFolder(paths.run);
  return `${paths.folder}.lock`;
}

async function apply(
  paths: TrafficPaths,
  { key, wanted, held }: { key: ServiceKey; wanted: WantedTraffic; held: number },
): Promise<void> {
  const former = readKept(paths.kept);
  const [living, ...doubles] = await findProxies(paths);
  // Whoever was killed in the middle of a handover has left two that serve.
  for (const double of doubles) if (living !== undefined) await retire(paths, double, living);
  const seen = living && (await readServers(living.socket, former === undefined ? [] : backendNames(former.wanted)));
  const kept = place({ key, wanted, former, seen: seen ?? [] });
  const config = proxyConfig(kept, paths, readProxyHost({ held, places: kept.size }));
  if (!isSame(former, kept)) writeKept(paths.kept, kept);
  if (living === undefined || seen === undefined || living.shape !== config.shape) {
    const started = await startProxy(paths, config, { wanted, former: seen && living }).catch(
      async (error: unknown) => {
        if (living !== undefined && seen !== undefined) await moveFormer(kept, living, seen);
        throw error;
      },
    );
    await settle(kept, started);
    return;
  }
  if (!isSame(former, kept)) writeConfig(paths, config.text(living.generation));
  await settle(kept, living, seen);
}

/** Gives each server its place. Too few places: there will be more, by a new process, which all begin at. */
function place(one: {
  key: ServiceKey;
  wanted: WantedTraffic;
  former: KeptTraffic | undefined;
  seen: readonly SeenServer[];
}): KeptTraffic {
  const { key, wanted, former, seen } = one;
  let size = sizeFor(wanted.servers.length, former?.size);
  const given = { former: former?.slots ?? new Map<never, never>(), busy: busyPlaces(seen) };
  for (;;) {
    const slots = assignSlots(wanted.servers, { ...given, size });
    if (slots !== undefined) return { key, wanted, slots, size };
    size *= 2;
  }
}

function isSame(former: KeptTraffic | undefined, kept: KeptTraffic): boolean {
  const asText = (one: KeptTraffic): string => JSON.stringify([one.wanted, [...one.slots], one.size]);
  return former !== undefined && asText(former) === asText(kept);
}

/** Moves the servers of a running HAProxy, and looks whether it did so: what it answers is for people. */
async function settle(kept: KeptTraffic, living: LivingProxy, known?: readonly SeenServer[]): Promise<void> {
  const backends = backendNames(kept.wanted);
  const seen = known ?? (await readServers(living.socket, backends));
  const moves = planMoves(kept, seen ?? []);
  if (seen !== undefined && moves.length === 0 && hasAllPlaces(kept, seen)) return;
  const answer = await tellProxy(living.socket, moves);
  cutLater(living.socket, backends, planLaterCuts(kept, seen ?? []));
  const after = await readServers(living.socket, backends);
  if (after !== undefined && hasAllPlaces(kept, after) && planMoves(kept, after).length === 0) return;
  throw new IngotError("proxy-failed", `HAProxy of ${kept.key.service} did not take its servers`, {
    hint: "it is tried again; if this stays, end the process and it is started anew",
    details: (answer ?? "it ended meanwhile").split("\n").filter(Boolean).slice(0, 12),
  });
}

/** Where the next one cannot start, such as at an address that another program has, the one that serves on is told of its servers all the same, as far as it has places for them. */
async function moveFormer(kept: KeptTraffic, living: LivingProxy, seen: readonly SeenServer[]): Promise<void> {
  await tellProxy(living.socket, planMoves(kept, seen));
}

async function look(paths: TrafficPaths): Promise<SeenTraffic | undefined> {
  const kept = readKept(paths.kept);
  if (kept === undefined) return undefined;
  const backends = backendNames(kept.wanted);
  const [living] = await findProxies(paths);
  const seen = living && (await readServers(living.socket, backends));
  const statistics = living && (await readStatistics(living.socket, backends));
  // One that gave its place away may have requests with a server that is drained, and tells nobody how many.
  const others = listProcesses(paths).some(({ pid }) => pid !== living?.identity.pid) ? 1 : 0;
  const byPlace = Map.groupBy(seen ?? [], (server) => server.place);
  return {
    key: kept.key,
    isServing: seen !== undefined && statistics !== undefined,
    servers: kept.wanted.servers.map((server) => {
      const at = kept.slots.get(server.id) ?? 0;
      const mine = (byPlace.get(at) ?? []).filter((one) => isAt(one, server));
      const sessions = statistics?.sessions.get(at) ?? 0;
      const status = highest(mine);
      return { id: server.id, status, sessions: status === "draining" ? Math.max(sessions, others) : sessions };
    }),
    counters: statistics?.counters ?? { requests: 0, failed: 0, held: 0 },
  };
}

/** A server is in two backends; whoever was killed half-way has left it in traffic as long as it is so in one. */
function highest(servers: readonly SeenServer[]): SeenServer["status"] {
  const has = (status: SeenServer["status"]): boolean => servers.some((one) => one.status === status);
  if (has("in")) return "in";
  return has("draining") ? "draining" : "out";
}

async function remove(paths: TrafficPaths, drain: number): Promise<void> {
  const living = (await findProxies(paths)).map(({ identity }) => identity);
  await endProcesses([...living, ...listProcesses(paths)], drain);
  rmSync(paths.folder, { recursive: true, force: true });
  // Last: who is killed before has a proxy that is still listed, and is removed again.
  rmSync(paths.kept, { force: true });
}
