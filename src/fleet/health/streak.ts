import type { HealthCheck, InstanceHealth } from "../fleet.ts";

/** The judgement of one instance. Milliseconds. */
export type Streak = {
  readonly health: InstanceHealth;
  /** Checks in a row that went well, or badly. */
  readonly good: number;
  readonly bad: number;
  /** When a failure was last counted, by a clock that never goes back. */
  readonly counted?: number;
};

/** Healthy from now on where it was adopted: it was serving when this process came. */
export function beginStreak(now: number, options: { isHealthy: boolean }): Streak {
  return { health: { status: options.isHealthy ? "healthy" : "unknown", since: now }, good: 0, bad: 0 };
}

/**
 * What one more check makes of it. An instance that is starting is looked at more often than its interval says, so that it serves as soon as it can; that it does not do so yet is counted once an
 * interval, so that it has the time it was given.
 */
export function addCheck(
  streak: Streak,
  check: HealthCheck,
  { now, moment, isGood }: { now: number; moment: number; isGood: boolean },
): Streak {
  const { health } = streak;
  if (isGood) {
    const good = streak.good + 1;
    const isHealthy = health.status === "healthy" || good >= check.healthyAfter;
    return { health: isHealthy ? become(health, "healthy", now) : health, good, bad: 0 };
  }
  const isCounted =
    health.status !== "unknown" || streak.counted === undefined || moment - streak.counted >= check.interval;
  if (!isCounted) return { ...streak, good: 0 };
  const bad = streak.bad + 1;
  const isUnhealthy = health.status === "unhealthy" || bad >= check.unhealthyAfter;
  return { health: isUnhealthy ? become(health, "unhealthy", now) : health, good: 0, bad, counted: moment };
}

function become(health: InstanceHealth, status: InstanceHealth["status"], now: number): InstanceHealth {
  return health.status === status ? health : { status, since: now };
}
