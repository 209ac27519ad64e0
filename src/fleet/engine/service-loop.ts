import type { ServiceKey } from "../fleet.ts";
import type { Traffic } from "../traffic/traffic.ts";
import { openAlarmBell } from "./alarm-bell.ts";
import type { Replaced, ServiceView } from "./engine.ts";
import { openReplacements } from "./replacements.ts";
import { runPass, type PassEnd } from "./run-pass.ts";
import type { Host, Service } from "./service.ts";
import { newMemory } from "./service-memory.ts";
import { ServiceTraffic } from "./service-traffic.ts";

/** The passes of one service, one after the other. */
export type ServiceLoop = {
  readonly service: Service;
  readonly wake: () => void;
  readonly close: () => Promise<void>;
};

export type LoopOptions = {
  readonly traffic: Traffic;
  readonly onReplaced: (replaced: Replaced) => void;
  readonly onChange: (key: ServiceKey) => void;
};

/** Milliseconds: something may have happened that nobody tells of, such as an instance that ended. */
const usualPause = 1000;
const leastPause = 10;

export function openServiceLoop(host: Host, key: ServiceKey, options: LoopOptions): ServiceLoop {
  const now = host.clock.now;
  const service: Service = {
    ...host,
    key,
    memory: newMemory(key),
    traffic: new ServiceTraffic(options.traffic, { key, now }),
    alarms: openAlarmBell(host.record, key),
    replacements: openReplacements(key, { now, listener: options.onReplaced }),
    wake: () => wake(),
  };
  let isDue = false;
  let running: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;

  const wake = (): void => {
    isDue = true;
    if (running !== undefined || host.isClosed()) return;
    clearTimeout(timer);
    running = passUntilQuiet().finally(() => {
      running = undefined;
    });
  };
  const passUntilQuiet = async (): Promise<void> => {
    let end: PassEnd = { again: false };
    while (isDue && !host.isClosed()) {
      isDue = false;
      const before = service.view;
      end = await passOnce(service);
      if (isChanged(before, service.view)) options.onChange(key);
      if (end.again) isDue = true;
    }
    if (!host.isClosed()) timer = setTimeout(wake, pauseOf(end, now()));
  };
  return {
    service,
    wake,
    close: async () => {
      clearTimeout(timer);
      await running;
    },
  };
}

/** Nothing that fails ends the loop: it is told, and tried again with the next pass. */
async function passOnce(service: Service): Promise<PassEnd> {
  try {
    return await runPass(service);
  } catch (error) {
    if (service.isClosed()) return { again: false };
    await service.alarms.raise("observation-failed", error).catch((second: unknown) => {
      // The record itself cannot be written: then the console, and who asks, are all there is.
      const { view } = service;
      if (view !== undefined) service.view = { ...view, notes: service.alarms.untold(), isSettled: false };
      service.ctx.report.warn(
        `${service.key.service} in ${service.key.environment}: ${String(error)}; ${String(second)}`,
      );
    });
    return { again: false };
  }
}

function pauseOf({ wake }: PassEnd, now: number): number {
  return Math.max(leastPause, Math.min(usualPause, wake === undefined ? usualPause : wake - now));
}

function isChanged(before: ServiceView | undefined, after: ServiceView | undefined): boolean {
  return summaryOf(before) !== summaryOf(after);
}

function summaryOf(view: ServiceView | undefined): string {
  if (view === undefined) return "";
  const { rollout, stable, instances, notes, isSettled } = view;
  const all = instances.map(({ id, state, health, traffic, condemned }) => [
    id,
    state,
    health.status,
    traffic.status,
    condemned?.why,
  ]);
  return JSON.stringify([rollout?.id, rollout?.status, stable, all, notes, isSettled]);
}
