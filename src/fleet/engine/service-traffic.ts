import { isDeepStrictEqual } from "node:util";
import type { InstanceId } from "../../runtime/runtime.ts";
import type { InstanceTraffic, ServiceKey } from "../fleet.ts";
import type { SeenTraffic, Traffic, WantedTraffic } from "../traffic/traffic.ts";

export type Change = { readonly id: InstanceId; readonly status: InstanceTraffic["status"] };

/** All of a proxy but who has traffic. `drain`: how long requests under way may take. */
export type Frame = {
  readonly proxy: Omit<WantedTraffic, "servers">;
  readonly servers: readonly { readonly id: InstanceId; readonly address: string; readonly port: number }[];
  readonly drain: number;
};

/** Where the requests of one service go. One move after the other. Moments are those of the local clock. */
export class ServiceTraffic {
  readonly #traffic: Traffic;
  readonly #key: ServiceKey;
  readonly #now: () => number;
  readonly #statuses = new Map<InstanceId, InstanceTraffic>();
  #frame: Frame | undefined;
  #seen: SeenTraffic | undefined;
  #hasLooked = false;
  #applied: WantedTraffic | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(traffic: Traffic, { key, now }: { readonly key: ServiceKey; readonly now: () => number }) {
    this.#traffic = traffic;
    this.#key = key;
    this.#now = now;
  }

  /** As the last look had the proxy; undefined: there is none. */
  seen(): SeenTraffic | undefined {
    return this.#seen;
  }

  /** What an instance has; `out` for one that nobody knows. */
  of(id: InstanceId): InstanceTraffic {
    const known = this.#statuses.get(id) ?? { status: "out", since: this.#now() };
    const sessions = this.#seen?.servers.find((server) => server.id === id)?.sessions;
    return sessions === undefined ? known : { ...known, sessions };
  }

  /** Looks at the proxy, and brings it to what it should be: it may have been killed. `frame` undefined: the service has no proxy. */
  refresh(frame: Frame | undefined): Promise<void> {
    return this.#inTurn(() => this.#refresh(frame));
  }

  /** New requests go to some and no more to others. Where that fails, all have what the proxy gives them, or what they had: nobody is served by a proxy that is not there. */
  move(changes: readonly Change[]): Promise<void> {
    return this.#inTurn(async () => {
      const before = changes.map(({ id }) => [id, this.#statuses.get(id)] as const);
      for (const change of changes) this.#set(change);
      try {
        await this.#apply();
      } catch (error) {
        await this.#goBack(before);
        throw error;
      }
    });
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(work, work);
    this.#last = done.catch(() => {});
    return done;
  }

  async #refresh(frame: Frame | undefined): Promise<void> {
    if (frame === undefined && this.#frame === undefined && this.#hasLooked) return;
    this.#seen = await this.#traffic.look(this.#key);
    // A proxy that outlived the controller before this one says who has traffic.
    if (!this.#hasLooked) for (const { id, status } of this.#seen?.servers ?? []) this.#set({ id, status });
    this.#hasLooked = true;
    if (frame === undefined) return this.#remove();
    this.#frame = frame;
    const present = new Set(frame.servers.map(({ id }) => id));
    for (const id of this.#statuses.keys()) if (!present.has(id)) this.#statuses.delete(id);
    this.#endDraining(frame);
    await this.#apply();
  }

  async #remove(): Promise<void> {
    if (this.#seen !== undefined) await this.#traffic.remove(this.#key, { drain: this.#frame?.drain ?? 0 });
    this.#statuses.clear();
    this.#frame = undefined;
    this.#seen = undefined;
    this.#applied = undefined;
  }

  #set({ id, status }: Change): void {
    if (this.#statuses.get(id)?.status !== status) this.#statuses.set(id, { status, since: this.#now() });
  }

  /** Connections that are kept open for ever must not keep an instance in traffic for ever. */
  #endDraining({ drain }: Frame): void {
    for (const [id, { status, since }] of this.#statuses) {
      if (status !== "draining") continue;
      if (this.of(id).sessions === 0 || this.#now() >= since + drain) this.#set({ id, status: "out" });
    }
  }

  async #apply(): Promise<void> {
    if (this.#frame === undefined) return;
    const { proxy, servers } = this.#frame;
    const wanted = { ...proxy, servers: servers.map((server) => ({ ...server, status: this.of(server.id).status })) };
    if (isDeepStrictEqual(wanted, this.#applied) && isAsWanted(this.#seen, wanted)) return;
    this.#applied = undefined;
    await this.#traffic.apply(this.#key, wanted);
    this.#applied = wanted;
    this.#seen = await this.#traffic.look(this.#key);
  }

  async #goBack(before: readonly (readonly [InstanceId, InstanceTraffic | undefined])[]): Promise<void> {
    // Whoever cannot even look knows nothing better than before; what failed is told.
    this.#seen = await this.#traffic.look(this.#key).catch(() => undefined);
    const given = this.#seen?.isServing === true ? this.#seen.servers : [];
    for (const [id, had] of before) {
      const now = given.find((server) => server.id === id);
      if (now !== undefined) this.#set({ id, status: now.status });
      else if (had === undefined) this.#statuses.delete(id);
      else this.#statuses.set(id, had);
    }
  }
}

function isAsWanted(seen: SeenTraffic | undefined, wanted: WantedTraffic): boolean {
  if (seen?.isServing !== true) return false;
  const statuses = new Map(seen.servers.map(({ id, status }) => [id, status]));
  return wanted.servers.every(({ id, status }) => statuses.get(id) === status);
}
