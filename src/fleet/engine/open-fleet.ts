import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import type { InstanceId, InstanceState, Runtime } from "../../runtime/runtime.ts";
import type { ServiceKey } from "../fleet.ts";
import { openHealthWatch } from "../health/health-watch.ts";
import type { Traffic } from "../traffic/traffic.ts";
import { serviceLabels, type Fleet, type FleetRecord, type Replaced } from "./engine.ts";
import { openDooms } from "./dooms.ts";
import { foreseeRollout } from "./foresee.ts";
import { openLocalClock } from "./local-clock.ts";
import { localDesired } from "./local-desired.ts";
import type { Host } from "./service.ts";
import { openServiceLoop, type ServiceLoop } from "./service-loop.ts";
import { shareList } from "./shared-list.ts";
import { openStartPool } from "./start-pool.ts";
import { shareHealth } from "./watched-health.ts";

export type FleetOptions = {
  readonly runtime: Runtime;
  readonly traffic: Traffic;
  readonly record: FleetRecord;
  /** How health checks that are programs enter an instance; the runtime's own way by default. */
  readonly execute?: Runtime["execute"];
  /** Instances that are started at the same time on this host. */
  readonly startsAtOnce?: number;
};

/** Milliseconds between two looks for instances of nobody. */
const sweepPause = 5000;

/** Begins to bring what runs to what the record says, and goes on until it is closed. What runs already is adopted. */
export function openFleet(ctx: Context, options: FleetOptions): Fleet {
  const loops = new Map<string, ServiceLoop>();
  const replaced: ((one: Replaced) => void)[] = [];
  const changed: ((key: ServiceKey) => void)[] = [];
  const work = new Set<Promise<void>>();
  let isClosed = false;
  const background = (one: Promise<void>): void => {
    const done = one.catch((error: unknown) => ctx.report.warn(String(error))).finally(() => work.delete(done));
    work.add(done);
  };
  const host = makeHost(ctx, options, { background, isClosed: () => isClosed });
  const loopOf = (id: InstanceId): ServiceLoop | undefined =>
    [...loops.values()].find(({ service }) => service.view?.instances.some((one) => one.id === id));
  const tell = {
    onReplaced: (one: Replaced) => replaced.forEach((listener) => listener(one)),
    onChange: (key: ServiceKey) => changed.forEach((listener) => listener(key)),
  };
  const refresh = (): void => {
    for (const key of options.record.services())
      if (!loops.has(nameOf(key))) loops.set(nameOf(key), openServiceLoop(host, key, { ...options, ...tell }));
  };
  const wake = (key?: ServiceKey): void => {
    if (isClosed) return;
    refresh();
    if (key === undefined) for (const loop of loops.values()) loop.wake();
    else loops.get(nameOf(key))?.wake();
  };
  const wakeOf = (id: InstanceId): void => (loopOf(id) ?? { wake }).wake();
  const condemn: Fleet["condemn"] = (id, why, until) => {
    host.dooms.condemn(id, why, until);
    wakeOf(id);
  };
  const sweep = (): void => {
    if (isClosed) return;
    refresh();
    background(stopOrphans(host, new Set(loops.keys())));
  };
  host.health.onChange((id) => loopOf(id)?.wake());
  wake();
  sweep();
  const timer = setInterval(sweep, sweepPause);
  return {
    wake,
    status: (key) => loops.get(nameOf(key))?.service.view,
    list: () => [...loops.values()].flatMap(({ service }) => service.view ?? []),
    foresee: (key, release) => {
      const view = loops.get(nameOf(key))?.service.view;
      const { desired } = options.record.wanted(key);
      const seen = { now: host.clock.now(), instances: view?.instances ?? [] };
      return foreseeRollout(localDesired(desired, host.clock), release, seen);
    },
    condemn,
    spare: (id) => {
      const release = host.dooms.spare(id);
      return () => {
        release();
        wakeOf(id);
      };
    },
    restart: (ids) => {
      for (const id of ids) condemn(id, "restart");
    },
    onReplaced: (listener) => void replaced.push(listener),
    onChange: (listener) => void changed.push(listener),
    close: async () => {
      isClosed = true;
      clearInterval(timer);
      await Promise.all([...loops.values()].map((loop) => loop.close()));
      while (work.size > 0) await Promise.allSettled(work);
      host.health.close();
    },
  };
}

function makeHost(
  ctx: Context,
  { runtime, record, execute, startsAtOnce = 2 }: FleetOptions,
  own: Pick<Host, "background" | "isClosed">,
): Host {
  const clock = openLocalClock(record.now);
  const health = openHealthWatch({ clock: clock.now, execute: execute ?? runtime.execute });
  return {
    ctx,
    runtime,
    record,
    clock,
    health,
    pool: openStartPool(startsAtOnce),
    states: shareList(runtime),
    dooms: openDooms(clock.now),
    checks: shareHealth(health),
    ...own,
  };
}

function nameOf({ environment, service }: ServiceKey): string {
  return `${environment}/${service}`;
}

/** Instances of a service that the record does not have: of another record in the same home. What carries no such label, as by `ingot run`, is a person's. */
async function stopOrphans({ states, runtime, ctx }: Host, known: ReadonlySet<string>): Promise<void> {
  for (const state of await states.look()) {
    const name = serviceOf(state);
    if (name === undefined || known.has(name)) continue;
    ctx.report.warn(`${state.id} is of ${name}, which is not on the record: it is stopped`);
    await runtime.stop(state.id).catch((error: unknown) => {
      if (!(error instanceof IngotError)) throw error;
      ctx.report.warn(error.message);
    });
  }
}

function serviceOf({ labels = {} }: InstanceState): string | undefined {
  const environment = labels[serviceLabels.environment];
  const service = labels[serviceLabels.service];
  return environment === undefined || service === undefined ? undefined : `${environment}/${service}`;
}
