import { existsSync, mkdirSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Context } from "../ground/context.ts";
import { IngotError } from "../ground/error.ts";
import { runtimePaths } from "../runtime/paths.ts";
import type { InstanceId } from "../runtime/runtime.ts";
import { watchContent } from "./content/content-watch.ts";
import { openImageFiles, type ImageFiles } from "./content/image-files.ts";
import type { Drift, Guard, GuardStatus, WatchedInstance } from "./guard.ts";
import { captureApart } from "./response/capture/capture-apart.ts";
import { findHierarchies, freezeCgroup } from "./response/freeze-cgroup.ts";
import { openResponder } from "./response/respond.ts";
import { watchFiles } from "./sensors/files/watch-files.ts";
import { watchMounts } from "./sensors/mounts.ts";
import { pollProcesses } from "./sensors/poll.ts";
import { findInside } from "./sensors/sweep/find-strays.ts";
import { openSweeper } from "./sensors/sweep/sweeper.ts";
import { sweepInstance } from "./sensors/sweep/sweep-instance.ts";
import { openFileWaiter } from "./sensors/trace/file-waiter.ts";
import { openTraceWatch } from "./sensors/trace-watch.ts";
import { drift } from "./verdict/finding.ts";
import type { Desk } from "./watch/desk.ts";
import { openExpectations } from "./watch/expectations.ts";
import { openProcessTable } from "./watch/process-table.ts";
import { openReporter } from "./watch/reporter.ts";
import { seedProcesses } from "./watch/seed-processes.ts";
import { coveredBy, readBaseline, type Watch } from "./watch/watch.ts";

/** The parts that look after one instance. */
type Looking = { readonly scanFiles: (sensor: Drift["sensor"]) => readonly Drift[]; readonly end: () => void };

/** The guard in this process. `isUrgent`: its threads run before every ordinary one of the host. `openGuard` has one in a process of its own. */
export async function openLocalGuard(ctx: Context, options: { readonly isUrgent?: boolean } = {}): Promise<Guard> {
  const isUrgent = options.isUrgent ?? false;
  const paths = runtimePaths(ctx.home);
  const folder = join(paths.run, "guard");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const now = (): number => ctx.now().getTime();
  const hierarchies = findHierarchies();
  const responder = openResponder({ now, hierarchies });
  const listeners: ((drift: Drift) => void)[] = [];
  const last = new Map<InstanceId, Drift>();
  const table = openProcessTable(now);
  const tell = (found: Drift): void => {
    last.set(found.instance, found);
    for (const listener of listeners) listener(found);
  };
  const report = openReporter({ now, table, responder, tell });
  const desk: Desk = {
    now,
    watches: new Map(),
    table,
    expectations: openExpectations(now),
    report,
    follow: (pids) => trace.follow(pids),
    nameOf: (pid) => trace.nameOf(pid),
    arriving: new Map(),
    holdNow: ({ instance }) => void (instance.mode === "prevent" && freezeCgroup(hierarchies, instance.cgroup)),
    lookAgain: (watch, pid) => sweeper.lookAgain(watch, pid),
  };
  // Without the thread nothing is told: the guard's process ends, is started again, and the gap is told of.
  const waiter = openFileWaiter(
    (error) => {
      throw error;
    },
    { isUrgent },
  );
  let endPoll: (() => void) | undefined;
  const onState = (state: "awake" | "blind"): void => {
    if (state === "awake") {
      endPoll?.();
      endPoll = undefined;
      return;
    }
    endPoll ??= pollProcesses(desk, hierarchies);
    const verdict = drift(
      "sensor-blind",
      "trace",
      "the guard's own test execution was not seen; processes are polled until it is",
    );
    for (const watch of desk.watches.values()) report(watch, [verdict], { sensor: "trace", mark: now() });
  };
  const trace = openTraceWatch(ctx, desk, { folder, key: basename(paths.run), waiter, isUrgent, onState });
  if (trace.state() === "off") endPoll = pollProcesses(desk, hierarchies);
  const content = watchContent(desk);
  const looking = new Map<InstanceId, Looking>();
  const sweeper = openSweeper(desk, {
    hierarchies,
    onRound: content.round,
    onInstance: ({ instance }) => void looking.get(instance.id)?.scanFiles("sweep"),
  });
  const images = new Map<string, ImageFiles>();

  const add = (instance: WatchedInstance): void => {
    const baseline = readBaseline(join(folder, "baselines"), instance);
    if (baseline === undefined) return;
    const root = contentRoot(paths.contentMount(instance.image), instance.pid);
    const known = images.get(root);
    // Content that was unmounted after the last instance is another file system when it is mounted again.
    const image = known?.device === statSync(root).dev ? known : openImageFiles(root);
    images.set(root, image);
    const userNamespace = trace.learnNamespace(instance.pid);
    const watch: Watch = { instance, baseline, view: { image, covered: coveredBy(baseline.mounts) }, userNamespace };
    desk.watches.set(instance.id, watch);
    const endMounts = watchMounts(desk, waiter, watch);
    const files = watchFiles(desk, watch);
    looking.set(instance.id, { scanFiles: files.scan, end: () => [endMounts, files.close].forEach((end) => end()) });
  };
  const remove = (id: InstanceId): void => {
    looking.get(id)?.end();
    looking.delete(id);
    desk.watches.delete(id);
    last.delete(id);
    table.forget(id);
    report.forget(id);
    rmSync(join(folder, "baselines", `${id}.json`), { force: true });
  };
  const find = (id: InstanceId): Watch => {
    const watch = desk.watches.get(id);
    if (watch !== undefined) return watch;
    throw new IngotError("guard-instance-unknown", `the guard does not watch an instance ${id}`, {
      hint: "ingot instances",
    });
  };
  const look = (watch: Watch): readonly Drift[] => {
    const strays = findInside([watch]).get(watch.instance.id) ?? [];
    const drifts = sweepInstance(desk, watch, { hierarchies, strays, sensor: "sweep" });
    return [...drifts, ...(looking.get(watch.instance.id)?.scanFiles("sweep") ?? [])];
  };
  const watch = async (instances: readonly WatchedInstance[]): Promise<void> => {
    responder.watch(instances);
    for (const [id, known] of desk.watches) {
      const given = instances.find((one) => one.id === id);
      if (given?.pid === known.instance.pid) known.instance = given;
      else remove(id);
    }
    // First of all who comes is told of: whoever comes while the rest is made ready is not missed.
    trace.guardCgroups([...new Set(instances.map(({ cgroup }) => dirname(cgroup)))]);
    const fresh = instances.filter(({ id }) => !desk.watches.has(id));
    for (const instance of fresh) add(instance);
    await seedProcesses(
      desk,
      hierarchies,
      fresh.flatMap(({ id }) => desk.watches.get(id) ?? []),
    );
    trace.guardSetns([...desk.watches.values()].some(({ userNamespace }) => userNamespace === undefined));
    for (const { id } of fresh) if (desk.watches.has(id)) look(find(id));
    content.round();
  };
  return {
    watch,
    expect: async (entry) => desk.expectations.add(entry),
    onDrift: (listener) => void listeners.push(listener),
    sweep: async (id) => {
      const one = find(id);
      return [...look(one), ...(await content.check(one))];
    },
    capture: async (id, target) => {
      const found = last.get(id);
      const files = await captureApart({
        instance: find(id).instance,
        folder: target,
        ...(found === undefined ? {} : { drift: found }),
      });
      return files.map(({ name }) => name);
    },
    status: async () => {
      const isAwake = trace.state() === "off" ? false : await trace.prove();
      return describeStatus(trace, {
        isAwake,
        isPolling: endPoll !== undefined,
        watched: desk.watches.size,
        breaker: responder.breakers(),
      });
    },
    resetBreaker: async (of) => responder.reset(of),
    close: async () => {
      endPoll?.();
      sweeper.close();
      for (const one of looking.values()) one.end();
      await trace.close();
      await waiter.close();
    },
  };
}

/** The content as the host has it; for instances of a runtime that has none of its own, what their first process sees. */
function contentRoot(mounted: string, pid: number): string {
  return ["usr", "bin", "etc"].some((name) => existsSync(join(mounted, name))) ? mounted : `/proc/${pid}/root`;
}

function describeStatus(
  trace: { state: () => "awake" | "off" | "blind"; detail: () => string; executions: () => number; lost: () => number },
  of: { isAwake: boolean; isPolling: boolean; watched: number; breaker: GuardStatus["breaker"] },
): GuardStatus {
  const poll = of.isPolling
    ? ({ state: "awake", detail: "processes are listed four times a second" } as const)
    : ({ state: "off", detail: "the kernel tells of executions" } as const);
  return {
    isAwake: of.isAwake,
    sensors: [
      { name: "trace", state: trace.state(), detail: trace.detail() },
      { name: "poll", ...poll },
      { name: "files", state: "awake", detail: "folders that instances may write to" },
      {
        name: "sweep",
        state: "awake",
        detail: "processes, mounts, settings and content, one instance after the other",
      },
    ],
    watched: of.watched,
    executions: trace.executions(),
    lost: trace.lost(),
    breaker: of.breaker,
  };
}
