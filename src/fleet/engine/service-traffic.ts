import { isDeepStrictEqual } from "node:util";
import type { InstanceId } from "../../runtime/runtime.ts";
import type { InstanceTraffic, ServiceKey } from "../fleet.ts";
import type { SeenTraffic, Traffic, WantedTraffic } from "../traffic/traffic.ts";

/** Where the requests of one service go. One move after the other. Moments are those of the local clock. */
export type ServiceTraffic = {
  /** What an instance has; `out` for one that nobody knows. */
  readonly of: (id: InstanceId) => InstanceTraffic;
  /** Looks at the proxy, and brings it to what it should be: it may have been killed. `frame` undefined: the service has no proxy. */
  readonly refresh: (frame: Frame | undefined) => Promise<void>;
  /** New requests go to some and no more to others. */
  readonly move: (changes: readonly Change[]) => Promise<void>;
  readonly seen: () => SeenTraffic | undefined;
};

export type Change = { readonly id: InstanceId; readonly status: InstanceTraffic["status"] };

/** All of a proxy but who has traffic. `drain`: how long requests under way may take. */
export type Frame = Omit<WantedTraffic, "servers"> & {
  readonly servers: readonly { readonly id: InstanceId; readonly address: string; readonly port: number }[];
  readonly drain: number;
};

export function openServiceTraffic(
  traffic: Traffic,
  { key, now }: { readonly key: ServiceKey; readonly now: () => number },
): ServiceTraffic {
  const statuses = new Map<InstanceId, InstanceTraffic>();
  let frame: Frame | undefined;
  let seen: SeenTraffic | undefined;
  let hasLooked = false;
  let applied: WantedTraffic | undefined;
  let last: Promise<unknown> = Promise.resolve();

  const set = ({ id, status }: Change): void => {
    if (statuses.get(id)?.status !== status) statuses.set(id, { status, since: now() });
  };
  const of = (id: InstanceId): InstanceTraffic => {
    const known = statuses.get(id) ?? { status: "out", since: now() };
    const sessions = seen?.servers.find((server) => server.id === id)?.sessions;
    return sessions === undefined ? known : { ...known, sessions };
  };
  const apply = async (): Promise<void> => {
    if (frame === undefined) return;
    const { servers, drain: _drain, ...rest } = frame;
    const wanted = { ...rest, servers: servers.map((server) => ({ ...server, status: of(server.id).status })) };
    if (isDeepStrictEqual(wanted, applied) && isAsWanted(seen, wanted)) return;
    applied = undefined;
    await traffic.apply(key, wanted);
    applied = wanted;
  };
  /** Connections that are kept open for ever must not keep an instance in traffic for ever. */
  const endDraining = (): void => {
    for (const [id, { status, since }] of statuses) {
      if (status !== "draining" || frame === undefined) continue;
      if (of(id).sessions === 0 || now() >= since + frame.drain) set({ id, status: "out" });
    }
  };
  const refresh = async (wanted: Frame | undefined): Promise<void> => {
    if (wanted === undefined && frame === undefined && hasLooked) return;
    seen = await traffic.look(key);
    if (!hasLooked) for (const { id, status } of seen?.servers ?? []) statuses.set(id, { status, since: now() });
    hasLooked = true;
    if (wanted === undefined) {
      if (seen !== undefined) await traffic.remove(key, { drain: frame?.drain ?? 0 });
      statuses.clear();
      [frame, seen, applied] = [undefined, undefined, undefined];
      return;
    }
    frame = wanted;
    const present = new Set(wanted.servers.map(({ id }) => id));
    for (const id of statuses.keys()) if (!present.has(id)) statuses.delete(id);
    endDraining();
    await apply();
  };
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const done = last.then(work, work);
    last = done.catch(() => {});
    return done;
  };
  return {
    of,
    seen: () => seen,
    refresh: (wanted) => inTurn(() => refresh(wanted)),
    move: (changes) =>
      inTurn(async () => {
        for (const change of changes) set(change);
        await apply();
      }),
  };
}

function isAsWanted(seen: SeenTraffic | undefined, wanted: WantedTraffic): boolean {
  if (seen?.isServing !== true) return false;
  const statuses = new Map(seen.servers.map(({ id, status }) => [id, status]));
  return wanted.servers.every(({ id, status }) => statuses.get(id) === status);
}
