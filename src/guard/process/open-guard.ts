import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "../../ground/context.ts";
import type { Drift, Guard, GuardStatus, WatchedInstance } from "../guard.ts";
import { lostGuard, startGuardProcess, type GuardLink } from "./guard-link.ts";
import type { GuardMethod } from "./guard-messages.ts";

export type GuardProcess = Guard & {
  /** Of the process that guards now. */
  readonly pid: () => number | undefined;
};

/** Milliseconds: between two questions whether it still answers; until it counts as hung; before it is started again when it ended at once. */
const pingInterval = 5000;
const patience = 20_000;
const pause = 1000;

/**
 * The guard in a process of its own, which ends with this one. When it dies or no longer answers it is started again, watches everything again and looks at all of it; what happened meanwhile may not have been seen, which is
 * told of every instance as `sensor-blind`.
 */
export async function openGuard(ctx: Context): Promise<GuardProcess> {
  const listeners: ((drift: Drift) => void)[] = [];
  const tell = (drift: Drift): void => listeners.forEach((listener) => listener(drift));
  let watched: readonly WatchedInstance[] = [];
  let isClosed = false;
  let link = startGuardProcess(ctx, tell);
  const replace = async (since: number): Promise<void> => {
    for (;;) {
      if (isClosed) return;
      ctx.report.warn("the process of the guard ended; it is started again");
      await sleep(pause);
      if (isClosed) return;
      link = startGuardProcess(ctx, tell);
      const mine = link;
      const isBack = await mine.ready.then(
        () => true,
        () => false,
      );
      if (!isBack) continue;
      void mine.ended.then(() => replace(Date.now()));
      await mine.ask("watch", [watched]).catch(() => {});
      const until = Date.now();
      for (const instance of watched) tell(gap(instance, since, until));
      return;
    }
  };
  // Who opened one that did not begin has no guard: none is to be started for nobody, again and again.
  await link.ready;
  void link.ended.then(() => replace(Date.now()));
  const timer = setInterval(() => void ping(link), pingInterval);
  timer.unref();
  const ask = async <T>(method: GuardMethod, ...args: readonly unknown[]): Promise<T> => {
    if (isClosed) throw lostGuard("it was closed");
    return (await link.ask(method, args)) as T;
  };
  return {
    watch: async (instances) => {
      watched = instances;
      await ask("watch", instances);
    },
    expect: (entry) => ask("expect", entry),
    onDrift: (listener) => void listeners.push(listener),
    sweep: (id) => ask<readonly Drift[]>("sweep", id),
    capture: (id, folder) => ask<readonly string[]>("capture", id, folder),
    status: () => ask<GuardStatus>("status"),
    resetBreaker: (of) => ask("resetBreaker", of),
    pid: () => link.pid,
    close: async () => {
      isClosed = true;
      clearInterval(timer);
      await link.close();
    },
  };
}

/** Attack: a file system that never answers, under a file that the guard looks at: it waits in the kernel for ever. */
async function ping(link: GuardLink): Promise<void> {
  const late = sleep(patience, "late" as const, { ref: false });
  const answer = link.ask("ping", []).catch(() => undefined);
  if ((await Promise.race([answer, late])) === "late") link.kill();
}

function gap(instance: WatchedInstance, since: number, until: number): Drift {
  return {
    instance: instance.id,
    rule: "sensor-blind",
    subject: "guard",
    message: `the process of the guard ended and was started again; for ${until - since} ms nothing was seen`,
    seen: since,
    found: until,
    chain: [],
    sensor: "trace",
    response: "observed",
  };
}
