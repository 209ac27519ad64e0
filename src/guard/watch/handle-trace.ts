import { readlinkSync } from "node:fs";
import type { TraceEvent } from "../sensors/trace/trace-event.ts";
import type { Desk } from "./desk.ts";
import { handleEntry } from "./handle-entry.ts";
import { handleExecution } from "./handle-execution.ts";
import { readExecution, unlessEnded, type SeenExecution } from "./read-process.ts";
import { readNamespaces, type Watch } from "./watch.ts";

export type TraceHandler = {
  readonly handle: (events: readonly TraceEvent[]) => void;
  /** Executions of watched instances that were judged. */
  readonly executions: () => number;
};

/** `onOther`: an execution by a process that is of no instance; the guard's own test execution is one. */
export function traceHandler(desk: Desk, onOther: (event: TraceEvent) => void): TraceHandler {
  const prepared = new Map<number, { readonly filename: string; readonly interpreter: string }>();
  const early = new WeakMap<TraceEvent, SeenExecution | undefined>();
  let executions = 0;
  const handlers: { readonly [K in TraceEvent["kind"]]: (event: Extract<TraceEvent, { kind: K }>) => void } = {
    fork: ({ pid, child, time }) => {
      const parent = desk.table.get(pid);
      if (parent === undefined) return;
      desk.table.fork(parent, child, toWallClock(time));
      if (desk.arriving.has(pid)) desk.arriving.set(child, parent.instance);
      else desk.arriving.delete(child);
    },
    prepare: ({ pid, filename, interpreter }) => {
      if (desk.table.get(pid) !== undefined) prepared.set(pid, { filename, interpreter });
    },
    exec: (event) => {
      const { pid, former, filename, time } = event;
      // A thread that executes takes the number of its process: what was remembered of it is under its own.
      const process = desk.table.get(pid) ?? desk.table.get(former);
      if (process === undefined) return onOther(event);
      executions += 1;
      const ready = prepared.get(former) ?? prepared.get(pid);
      const interpreter = ready?.filename === filename ? ready.interpreter : undefined;
      for (const number of [pid, former]) prepared.delete(number);
      const told = { filename, early: early.get(event), seen: toWallClock(time), sensor: "trace" } as const;
      handleExecution(desk, process, interpreter === undefined ? told : { ...told, interpreter });
    },
    exit: ({ pid }) => {
      desk.table.end(pid);
      desk.arriving.delete(pid);
      prepared.delete(pid);
    },
    attach: ({ pid, by, path, time }) => {
      const watch = [...desk.watches.values()].find(({ instance }) => isBelow(path, instance.cgroup));
      // What this process moves are strays that it found and told of.
      if (watch === undefined || by === process.pid) return;
      handleEntry(desk, watch, {
        pid,
        how: "was put into the instance's cgroup",
        seen: toWallClock(time),
        sensor: "trace",
      });
    },
    setns: ({ pid, time }) => handleSetns(desk, pid, time),
    capability: (event) => handleCapability(desk, event),
  };
  return {
    handle: (events) => {
      // Before anything else: what lives for a millisecond is gone when the first of a batch is judged.
      for (const event of events) if (event.kind === "exec") early.set(event, readExecution(event.pid));
      for (const event of events) (handlers[event.kind] as (one: TraceEvent) => void)(event);
    },
    executions: () => executions,
  };
}

/** A process of the host asked for an administrator's right in the user namespace of an instance: it enters its namespaces, or mounts in them. */
function handleCapability(desk: Desk, { pid, namespace, time }: Extract<TraceEvent, { kind: "capability" }>): void {
  if (pid === process.pid) return;
  const watch = [...desk.watches.values()].find(({ userNamespace }) => userNamespace === namespace);
  if (watch === undefined || desk.table.get(pid)?.instance === watch.instance.id) return;
  const how = "used an administrator's right in the instance's namespaces";
  handleEntry(desk, watch, { pid, how, seen: toWallClock(time), sensor: "trace" });
}

/** The event comes before the kernel has moved it: it is looked at now, and once more when it had the time to. */
function handleSetns(desk: Desk, pid: number, time: number): void {
  const look = (): boolean => {
    const watch = findEntered(desk.watches.values(), pid);
    if (watch === undefined) return false;
    handleEntry(desk, watch, {
      pid,
      how: "entered the instance's namespaces",
      seen: toWallClock(time),
      sensor: "trace",
    });
    return true;
  };
  if (!look()) setTimeout(look, 1).unref();
}

/** The instance in whose namespaces of files or processes a process is; one that only looks at its network is none of it. What it is in is read once, however many are watched. */
export function findEntered(watches: Iterable<Watch>, pid: number): Watch | undefined {
  if (pid === process.pid) return undefined;
  const own = readHostNamespaces();
  const foreign = (["mnt", "pid"] as const).flatMap((kind) => {
    const now = unlessEnded(() => readlinkSync(`/proc/${pid}/ns/${kind}`));
    return now === undefined || now === "" || now === own[kind] ? [] : [{ kind, now }];
  });
  if (foreign.length === 0) return undefined;
  for (const watch of watches) {
    const { baseline, instance } = watch;
    if (pid !== instance.pid && foreign.some(({ kind, now }) => baseline.namespaces[kind] === now)) return watch;
  }
  return undefined;
}

let hostNamespaces: Readonly<Record<string, string>> | undefined;

function readHostNamespaces(): Readonly<Record<string, string>> {
  hostNamespaces ??= readNamespaces(process.pid);
  return hostNamespaces;
}

/** In the cgroup, or in one of an entry below it. */
function isBelow(path: string, cgroup: string): boolean {
  return path === cgroup || path.startsWith(`${cgroup}/`);
}

/** Nanoseconds of CLOCK_MONOTONIC → milliseconds since 1970. */
export function toWallClock(time: number): number {
  return Date.now() - (Number(process.hrtime.bigint()) - time) / 1e6;
}
