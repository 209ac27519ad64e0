import { setTimeout as sleep } from "node:timers/promises";
import type { StopReason } from "../fleet.ts";
import { longLife } from "./backoff.ts";
import type { ServiceInstance } from "./engine.ts";
import type { Service } from "./service.ts";

/** How long a capture may hold up the end of an instance, and how long a stop that failed waits for the next attempt. */
const longestCapture = 30_000;
const stopPause = 2000;

/** Begins to stop an instance; the rest goes on beside the passes. What has not begun to start never does. */
export function beginStop(service: Service, view: ServiceInstance, why: StopReason): void {
  const { memory, clock } = service;
  const { id } = view;
  const starting = memory.starting.get(id);
  if (starting !== undefined) {
    starting.isDropped = true;
    return;
  }
  if (memory.stopping.has(id) || (memory.stopAfter.get(id) ?? 0) > clock.now()) return;
  memory.stopping.add(id);
  noteFailure(service, view, why);
  service.background(
    stopOne(service, view, why).finally(() => {
      memory.stopping.delete(id);
      service.wake();
    }),
  );
}

/** Whoever comes after one that never worked, or that ended by itself, is waited with. */
function noteFailure(
  { memory, clock, dooms }: Service,
  { id, release, state, started }: ServiceInstance,
  why: StopReason,
): void {
  const hasEnded = state === "gone" && dooms.of(id) === undefined;
  // One that works for seconds, again and again, is no better than one that ends.
  const wasShort = why === "unhealthy" && clock.now() - started < longLife;
  if (hasEnded || wasShort || why === "failed-start") memory.backoff.failed(release, clock.now());
}

async function stopOne(service: Service, view: ServiceInstance, why: StopReason): Promise<void> {
  const { memory, runtime, record, key, alarms, clock } = service;
  const { id, release, end } = view;
  try {
    await leaveTraffic(service, view);
    await captured(service.dooms.of(id)?.until);
    await runtime.stop(id, { grace: graceOf(service, view) });
    await record.record(key, { kind: "ended", instance: id, release, why, ...(end === undefined ? {} : { end }) });
    memory.stopAfter.delete(id);
    service.dooms.forget(id);
    await alarms.clear("stop-failed");
  } catch (error) {
    memory.stopAfter.set(id, clock.now() + stopPause);
    await alarms.raise("stop-failed", error);
  }
}

/** A proxy that cannot be told keeps nobody alive: what drift was found on least of all. Its own check finds that the instance is gone. */
async function leaveTraffic({ traffic, alarms }: Service, { id }: ServiceInstance): Promise<void> {
  try {
    await traffic.move([{ id, status: "out" }]);
  } catch (error) {
    await alarms.raise("traffic-failed", error);
  }
}

/** What an attacker runs is not asked to end. */
function graceOf(service: Service, { release, condemned, state }: ServiceInstance): number {
  if (condemned?.why === "drift" || state === "frozen" || state === "gone") return 0;
  return service.wanted?.releaseOf(release)?.spec.grace ?? 10_000;
}

async function captured(until: Promise<unknown> | undefined): Promise<void> {
  if (until === undefined) return;
  const timer = new AbortController();
  const patience = sleep(longestCapture, undefined, { signal: timer.signal }).catch(() => {});
  await Promise.race([until.catch(() => {}), patience]);
  timer.abort();
}
