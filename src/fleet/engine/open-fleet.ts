import type { Context } from "../../ground/context.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import type { ServiceKey } from "../fleet.ts";
import { openHealthWatch } from "../health/health-watch.ts";
import type { Traffic } from "../traffic/traffic.ts";
import { openDooms } from "./dooms.ts";
import type { Fleet, FleetRecord, Replaced } from "./engine.ts";
import { foreseeRollout } from "./foresee.ts";
import { openLocalClock } from "./local-clock.ts";
import { localDesired } from "./local-desired.ts";
import type { Host } from "./service.ts";
import { openServiceLoops, type ServiceLoops } from "./service-loops.ts";
import { shareList } from "./shared-list.ts";
import { openStartPool } from "./start-pool.ts";
import { stopOrphans } from "./stop-orphans.ts";
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
  const replaced: ((one: Replaced) => void)[] = [];
  const changed: ((key: ServiceKey) => void)[] = [];
  const work = trackWork(ctx);
  const host = makeHost(ctx, options, work);
  const loops = openServiceLoops(host, {
    traffic: options.traffic,
    onReplaced: (one) => replaced.forEach((listener) => listener(one)),
    onChange: (key) => changed.forEach((listener) => listener(key)),
  });
  const sweep = (): void => work.background(stopOrphans({ ...host, traffic: options.traffic, known: loops.names }));
  host.health.onChange(loops.wakeOf);
  loops.wake();
  sweep();
  const timer = setInterval(sweep, sweepPause);
  return {
    wake: loops.wake,
    status: loops.view,
    list: loops.views,
    foresee: (key, release) => {
      const { desired } = options.record.wanted(key);
      const seen = { now: host.clock.now(), instances: loops.view(key)?.instances ?? [] };
      return foreseeRollout(localDesired(desired, host.clock), release, seen);
    },
    ...condemning(host, loops),
    onReplaced: (listener) => void replaced.push(listener),
    onChange: (listener) => void changed.push(listener),
    close: async () => {
      clearInterval(timer);
      work.end();
      await loops.close();
      await work.settled();
      host.health.close();
    },
  };
}

function condemning({ dooms }: Host, loops: ServiceLoops): Pick<Fleet, "condemn" | "spare" | "restart"> {
  const condemn: Fleet["condemn"] = (id, why, until) => {
    dooms.condemn(id, why, until);
    loops.wakeOf(id);
  };
  return {
    condemn,
    spare: (id) => {
      const release = dooms.spare(id);
      return () => {
        release();
        loops.wakeOf(id);
      };
    },
    restart: (ids) => {
      for (const id of ids) condemn(id, "restart");
    },
  };
}

type Work = Pick<Host, "background" | "isClosed"> & {
  /** Nothing new is begun. */
  readonly end: () => void;
  readonly settled: () => Promise<void>;
};

/** What goes on beside the passes. */
function trackWork(ctx: Context): Work {
  const running = new Set<Promise<void>>();
  let isClosed = false;
  return {
    background: (work) => {
      const done = work.catch((error: unknown) => ctx.report.warn(String(error))).finally(() => running.delete(done));
      running.add(done);
    },
    isClosed: () => isClosed,
    end: () => {
      isClosed = true;
    },
    settled: async () => {
      while (running.size > 0) await Promise.allSettled(running);
    },
  };
}

function makeHost(
  ctx: Context,
  { runtime, record, execute, startsAtOnce = 2 }: FleetOptions,
  own: Pick<Host, "background" | "isClosed">,
): Host {
  const clock = openLocalClock({ record: record.now, machine: () => ctx.now().getTime() });
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
