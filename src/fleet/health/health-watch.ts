import type { InstanceHealth } from "../fleet.ts";
import type { InstanceId, Runtime } from "../../runtime/runtime.ts";
import type { Checked, HealthWatch } from "./health.ts";
import { boundExecute } from "./bound-execute.ts";
import { probe, type Finding } from "./probe.ts";
import { addCheck, beginStreak, type Streak } from "./streak.ts";

export type HealthOptions = {
  /** Milliseconds since 1970: what `since` is told in. */
  readonly clock: () => number;
  /** How a program is run in an instance. */
  readonly execute: Runtime["execute"];
};

/** One instance, for as long as it is watched. */
type Watched = {
  checked: Checked;
  streak: Streak;
  failure: string | undefined;
  timer: NodeJS.Timeout | undefined;
  /** Ends what is under way when the instance is watched no more. */
  readonly end: AbortController;
};

/** Checks of its own for thousands of instances: each has its own pace, and at most one check under way. */
export function openHealthWatch(options: HealthOptions): HealthWatch {
  const execute = boundExecute(options.execute);
  const watched = new Map<InstanceId, Watched>();
  const listeners: ((id: InstanceId, health: InstanceHealth) => void)[] = [];

  const judge = (one: Watched, found: Finding): void => {
    const before = one.streak.health;
    const now = options.clock();
    one.streak = addCheck(one.streak, one.checked.check, {
      now,
      moment: performance.now(),
      isGood: found === undefined,
    });
    if (found !== undefined) one.failure = found;
    else if (one.streak.health.status === "healthy") one.failure = undefined;
    if (one.streak.health === before) return;
    for (const listener of listeners) listener(one.checked.id, one.streak.health);
  };

  const check = async (one: Watched): Promise<void> => {
    const start = performance.now();
    const found = await probe(one.checked, execute, one.end.signal);
    if (one.end.signal.aborted) return;
    judge(one, found);
    schedule(one, Math.max(0, paceOf(one) - (performance.now() - start)));
  };

  const schedule = (one: Watched, delay: number): void => {
    // Judging may have ended the watch.
    if (one.end.signal.aborted || one.checked.check.probe.kind === "started") return;
    one.timer = setTimeout(() => void check(one), delay);
  };

  const add = (checked: Checked): void => {
    const isHealthy = checked.isAdopted || checked.check.probe.kind === "started";
    const streak = beginStreak(options.clock(), { isHealthy });
    const one: Watched = { checked, streak, failure: undefined, timer: undefined, end: new AbortController() };
    watched.set(checked.id, one);
    // A controller that adopts a thousand instances does not check them all at once, then and at each interval.
    schedule(one, isHealthy ? Math.random() * checked.check.interval : 0);
  };

  const drop = (one: Watched): void => {
    clearTimeout(one.timer);
    one.end.abort();
    watched.delete(one.checked.id);
  };

  return {
    watch: (instances) => {
      const wanted = new Map(instances.map((one) => [one.id, one]));
      for (const one of watched.values()) if (!wanted.has(one.checked.id)) drop(one);
      for (const [id, checked] of wanted) {
        const one = watched.get(id);
        if (one === undefined) add(checked);
        else one.checked = checked;
      }
    },
    of: (id) => watched.get(id)?.streak.health ?? { status: "unknown", since: options.clock() },
    lastFailure: (id) => watched.get(id)?.failure,
    onChange: (listener) => void listeners.push(listener),
    close: () => {
      for (const one of watched.values()) drop(one);
    },
  };
}

/** Until an instance is judged for the first time, it is looked at often; a program that is run in it costs more than a connection. */
function paceOf({ checked, streak }: Watched): number {
  const { interval, probe: how } = checked.check;
  if (streak.health.status !== "unknown") return interval;
  return Math.min(interval, how.kind === "run" ? 500 : 100);
}
