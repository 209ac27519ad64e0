import { mkdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Context } from "../ground/context.ts";
import { runtimePaths } from "../runtime/paths.ts";
import { watchContent } from "./content/content-watch.ts";
import { describeStatus } from "./describe-status.ts";
import type { Guard } from "./guard.ts";
import { captureApart } from "./response/capture/capture-apart.ts";
import { findHierarchies } from "./response/freeze-cgroup.ts";
import { openResponder } from "./response/respond.ts";
import { openFallback } from "./sensors/fallback.ts";
import { openLookAfter } from "./sensors/look-after.ts";
import { sweepAfterLoss } from "./sensors/sweep/sweep-after-loss.ts";
import { openSweeper } from "./sensors/sweep/sweeper.ts";
import { openFileWaiter } from "./sensors/trace/file-waiter.ts";
import { openTraceWatch } from "./sensors/trace-watch.ts";
import { openDesk } from "./watch/open-desk.ts";
import { listFamily } from "./watch/list-family.ts";
import { openRoster } from "./watch/roster.ts";
import { seedProcesses } from "./watch/seed-processes.ts";

export type LocalGuardOptions = {
  /** Its threads run before every ordinary one of the host. */
  readonly isUrgent?: boolean;
  /** The process whose instances it guards; absent: this one. */
  readonly family?: number;
};

/** The guard in this process. `openGuard` has one in a process of its own. */
export async function openLocalGuard(ctx: Context, options: LocalGuardOptions = {}): Promise<Guard> {
  const { isUrgent = false, family = process.pid } = options;
  const parts = openParts(ctx, isUrgent);
  const { opened, responder, trace, fallback, content, looking, roster, hierarchies } = parts;
  const { desk } = opened;
  await trace.follow(listFamily(family));
  return {
    watch: async (instances) => {
      responder.watch(instances);
      // First of all: whoever comes while the rest is made ready is told of.
      trace.guardCgroups([...new Set(instances.map(({ cgroup }) => dirname(cgroup)))]);
      const fresh = roster.set(instances);
      await seedProcesses(desk, hierarchies, fresh);
      trace.guardSetns([...desk.watches.values()].some(({ userNamespace }) => userNamespace === undefined));
      for (const watch of fresh) looking.lookAll(watch);
      content.round();
    },
    expect: async (entry) => desk.expectations.add(entry),
    onDrift: opened.onDrift,
    sweep: async (id) => [...looking.lookAll(roster.find(id)), ...(await content.check(roster.find(id)))],
    capture: async (id, folder) => {
      const drift = opened.lastOf(id);
      const { instance } = roster.find(id);
      const files = await captureApart({ instance, folder, ...(drift === undefined ? {} : { drift }) });
      return files.map(({ name }) => name);
    },
    status: async () => {
      const isAwake = trace.state() !== "off" && (await trace.prove());
      const [isPolling, watched, breaker] = [fallback.isPolling(), desk.watches.size, responder.breakers()];
      return describeStatus(trace, { isAwake, isPolling, watched, breaker });
    },
    resetBreaker: async (of) => responder.reset(of),
    close: parts.close,
  };
}

function openParts(ctx: Context, isUrgent: boolean) {
  const paths = runtimePaths(ctx.home);
  const folder = join(paths.run, "guard");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const now = (): number => ctx.now().getTime();
  const hierarchies = findHierarchies();
  const responder = openResponder({ now, hierarchies });
  const opened = openDesk({
    now,
    follow: (pids) => trace.follow(pids),
    drain: () => trace.drain(),
    nameOf: (pid) => trace.nameOf(pid),
    lookForOthers: (watch) => sweeper.lookForOthers(watch),
    lookAgain: (watch, pid) => sweeper.lookAgain(watch, pid),
    hierarchies,
    responder,
  });
  const { desk } = opened;
  // Without the thread nothing is told: the guard's process ends, is started again, and the gap is told of.
  const onFailure = (error: Error): never => {
    throw error;
  };
  const waiter = openFileWaiter(onFailure, { isUrgent });
  const fallback = openFallback(desk, hierarchies);
  const key = basename(paths.run);
  const trace = openTraceWatch(ctx, desk, { folder, key, waiter, isUrgent, onState: fallback.onState });
  if (trace.state() === "off") fallback.begin();
  const content = watchContent(desk);
  const looking = openLookAfter(desk, waiter, hierarchies);
  const sweeper = openSweeper(desk, { hierarchies, onRound: content.round, onInstance: looking.scanFiles });
  const onRemove: Parameters<typeof openRoster>[1]["onRemove"] = (id) => {
    looking.end(id);
    opened.forget(id);
  };
  const { learnNamespace } = trace;
  const baselines = join(folder, "baselines");
  const roster = openRoster(desk, { paths, baselines, learnNamespace, onAdd: looking.begin, onRemove });
  const sweepAll = (): void => [...desk.watches.values()].forEach((watch) => void looking.lookAll(watch));
  const endAfterLoss = sweepAfterLoss({ lost: trace.lost, sweepAll });
  const close = async (): Promise<void> => {
    endAfterLoss();
    fallback.close();
    sweeper.close();
    looking.close();
    await trace.close();
    await waiter.close();
  };
  return { hierarchies, responder, opened, trace, fallback, content, looking, roster, close };
}
