import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Context } from "../ground/context.ts";
import { runtimePaths } from "../runtime/paths.ts";
import type { InstanceId } from "../runtime/runtime.ts";
import { openImageFiles, type ImageFiles } from "./content/image-files.ts";
import type { Drift, Guard, GuardStatus, WatchedInstance } from "./guard.ts";
import { findHierarchies } from "./response/freeze-cgroup.ts";
import { openResponder } from "./response/respond.ts";
import { openCanary } from "./sensors/canary.ts";
import { namespaceLearner } from "./sensors/learn-namespaces.ts";
import { watchMounts } from "./sensors/mounts.ts";
import { openFileWaiter } from "./sensors/trace/file-waiter.ts";
import { openTrace } from "./sensors/trace/trace.ts";
import type { Desk } from "./watch/desk.ts";
import { openExpectations } from "./watch/expectations.ts";
import { traceHandler } from "./watch/handle-trace.ts";
import { openProcessTable } from "./watch/process-table.ts";
import { openReporter } from "./watch/reporter.ts";
import { seedProcesses } from "./watch/seed-processes.ts";
import { coveredBy, readBaseline, type Watch } from "./watch/watch.ts";

/** The guard in this process. */
export async function openLocalGuard(ctx: Context): Promise<Guard> {
  const paths = runtimePaths(ctx.home);
  const folder = join(paths.run, "guard");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const now = (): number => ctx.now().getTime();
  const hierarchies = findHierarchies();
  const responder = openResponder({ now, hierarchies });
  const listeners: ((drift: Drift) => void)[] = [];
  const table = openProcessTable(now);
  const report = openReporter({ now, table, responder, tell: (drift) => listeners.forEach((tell) => tell(drift)) });
  const waiter = openFileWaiter((error) => {
    throw error;
  });
  const desk: Desk = {
    now,
    watches: new Map(),
    table,
    expectations: openExpectations(now),
    report,
    follow: (pids) => void (typeof trace !== "string" && trace.follow(pids)),
    arriving: new Map(),
    lookAgain: () => {},
  };
  const canary = openCanary(folder, ctx.randomBytes);
  const handler = traceHandler(desk, (event) => event.kind === "exec" && canary.isOwn(event.filename));
  const trace = openTrace({
    folder,
    key: paths.run.split("/").at(-1) ?? "",
    waiter,
    onEvents: (events) => {
      for (const event of events) if (event.kind === "capability" && event.pid === process.pid) learner?.note(event);
      handler.handle(events);
    },
  });
  const learner = typeof trace === "string" || !trace.has("capability") ? undefined : namespaceLearner(trace, folder);
  const images = new Map<string, ImageFiles>();
  const ends = new Map<InstanceId, (() => void)[]>();
  const add = (instance: WatchedInstance): void => {
    const baseline = readBaseline(join(folder, "baselines"), instance);
    if (baseline === undefined) return;
    const mounted = paths.contentMount(instance.image);
    const root =
      existsSync(join(mounted, "usr")) || existsSync(join(mounted, "bin")) ? mounted : `/proc/${instance.pid}/root`;
    const image = images.get(root) ?? openImageFiles(root);
    images.set(root, image);
    const view = { image, covered: coveredBy(baseline.mounts) };
    const watch: Watch = { instance, baseline, view, userNamespace: learner?.learn(instance.pid), mountsSeen: "" };
    desk.watches.set(instance.id, watch);
    ends.set(instance.id, [watchMounts(desk, waiter, watch)]);
    seedProcesses(desk, hierarchies, watch);
  };
  const remove = (id: InstanceId): void => {
    for (const end of ends.get(id) ?? []) end();
    ends.delete(id);
    desk.watches.delete(id);
    table.forget(id);
    report.forget(id);
  };
  return {
    watch: async (instances) => {
      responder.watch(instances);
      for (const id of desk.watches.keys()) if (!instances.some((one) => one.id === id)) remove(id);
      if (typeof trace !== "string")
        trace.guardCgroups([...new Set(instances.map(({ cgroup }) => cgroup.slice(0, cgroup.lastIndexOf("/"))))]);
      for (const instance of instances) if (!desk.watches.has(instance.id)) add(instance);
    },
    expect: async (entry) => desk.expectations.add(entry),
    onDrift: (listener) => void listeners.push(listener),
    sweep: async () => [],
    capture: async () => [],
    status: async (): Promise<GuardStatus> => ({
      isAwake: typeof trace !== "string" && (await canary.sing()),
      sensors: [],
      watched: desk.watches.size,
      executions: handler.executions(),
      lost: typeof trace === "string" ? 0 : trace.lost(),
      breaker: responder.breakers(),
    }),
    resetBreaker: async (of) => responder.reset(of),
    close: async () => {
      for (const id of desk.watches.keys()) remove(id);
      if (typeof trace !== "string") trace.close();
      await waiter.close();
    },
  };
}
