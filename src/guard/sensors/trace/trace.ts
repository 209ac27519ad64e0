import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readBuffers } from "./buffer-reader.ts";
import { openFollower } from "./follower.ts";
import type { FileWaiter } from "./file-waiter.ts";
import { eventDecoder, eventNames, hasEvent, type EventName, type TraceEvent } from "./trace-event.ts";
import {
  makeTraceInstance,
  openTraceFolder,
  removeLeftInstances,
  removeTraceInstance,
  traceInstanceName,
} from "./trace-folder.ts";

/** What the kernel tells of the processes that are followed, and of whoever comes to them from elsewhere. */
export type TraceSensor = {
  /** Follows these processes, and all that they start from now on. */
  readonly follow: (pids: readonly number[]) => Promise<void>;
  /** Tells of processes that are moved into a cgroup below one of these folders. */
  readonly guardCgroups: (parents: readonly string[]) => void;
  /** Tells of rights asked for in user namespaces other than these. Undefined: only of those that this process asks for. */
  readonly guardNamespaces: (except: bigint | undefined) => void;
  /** Tells of every process of the host that enters a namespace. Costs every system call of the host some 25 ns. */
  readonly guardSetns: (isOn: boolean) => void;
  readonly has: (name: EventName) => boolean;
  /** The kernel's name of a process that was told of and may have ended; "" where it kept none. */
  readonly nameOf: (pid: number) => string;
  readonly lost: () => number;
  readonly drain: () => void;
  readonly close: () => Promise<void>;
};

export type TraceOptions = {
  /** Where tracefs is mounted for this guard. */
  readonly folder: string;
  /** Of the home: names the buffers. */
  readonly key: string;
  readonly waiter: FileWaiter;
  readonly isUrgent: boolean;
  readonly onEvents: (events: readonly TraceEvent[]) => void;
};

/** Kibibytes a processor. Of processes that are followed (an execution is three events of 60 bytes), and of entries. */
const followedSize = 1024;
const entriesSize = 256;
/** Milliseconds. */
const endTime = 10_000;

/**
 * Two buffers of our own. One holds everything of the processes that are followed: the kernel itself follows what they start (`event-fork`), so that the rest of the host costs nothing. The other
 * holds what rarely happens, of all processes. A text says why there is no sensor.
 */
export function openTrace({ folder, key, waiter, isUrgent, onEvents }: TraceOptions): TraceSensor | string {
  const tracefs = openTraceFolder(folder);
  if (typeof tracefs === "string") return tracefs;
  removeLeftInstances(tracefs.path, key);
  // Of one that was killed together with its controller, and is not quite gone yet.
  const again = setTimeout(() => removeLeftInstances(tracefs.path, key), endTime).unref();
  const has = (name: EventName): boolean => hasEvent(tracefs.path, name);
  const [followed, entries] = ["followed", "entries"].map((name) =>
    makeTraceInstance(tracefs.path, traceInstanceName(key, name)),
  ) as [string, string];
  const names = (Object.keys(eventNames) as EventName[]).filter(has);
  const decode = eventDecoder(tracefs.path, names);
  const reader = readBuffers({
    instances: [followed, entries],
    waiter,
    onEvents: (raws) => onEvents(raws.flatMap((raw) => decode(raw) ?? [])),
  });
  beginFollowed(followed, names);
  const follower = openFollower(join(followed, "set_event_pid"), { isUrgent });
  writeFileSync(join(entries, "buffer_size_kb"), String(entriesSize));
  writeFileSync(join(entries, "tracing_on"), "1");
  const given = new Map<EventName, string | undefined>();
  // What is so already is not written again: the kernel then waits for all its processors, each time.
  const set = (name: EventName, filter: string | undefined): void => {
    if (given.get(name) === filter) return;
    setEvent(entries, name, filter);
    given.set(name, filter);
  };
  return {
    has,
    nameOf: (pid) => savedName(tracefs.path, pid),
    lost: reader.lost,
    drain: reader.drain,
    follow: follower.follow,
    guardCgroups: (parents) => {
      const filter = parents.map((parent) => `dst_path ~ "${parent.replace(/["*?[\]\\]/g, "?")}/*"`).join(" || ");
      for (const name of ["attach", "transfer"] as const) if (has(name)) set(name, filter || undefined);
    },
    guardNamespaces: (except) => {
      const [allOfThis, administrator] = [`common_pid == ${process.pid}`, 21];
      set(
        "capability",
        except === undefined ? allOfThis : `cap == ${administrator} && target_ns != 0x${except.toString(16)}`,
      );
    },
    guardSetns: (isOn) => set("setns", isOn ? "" : undefined),
    close: async () => {
      clearTimeout(again);
      reader.close();
      await follower.close();
      for (const instance of [followed, entries]) removeTraceInstance(instance);
      tracefs.close();
    },
  };
}

function beginFollowed(instance: string, names: readonly EventName[]): void {
  writeFileSync(join(instance, "buffer_size_kb"), String(followedSize));
  // Without a process to follow the kernel would tell of all.
  writeFileSync(join(instance, "set_event_pid"), String(process.pid));
  writeFileSync(join(instance, "options/event-fork"), "1");
  for (const name of ["fork", "prepare", "exec", "exit"] as const) {
    if (names.includes(name)) writeFileSync(join(instance, "events", eventNames[name], "enable"), "1");
  }
  writeFileSync(join(instance, "tracing_on"), "1");
}

function savedName(tracefs: string, pid: number): string {
  const path = join(tracefs, "saved_cmdlines");
  if (!existsSync(path)) return "";
  const line = readFileSync(path, "utf8")
    .split("\n")
    .find((one) => one.startsWith(`${pid} `));
  return line?.slice(`${pid} `.length) ?? "";
}

/** Undefined turns an event off, the empty text lets all of it through. */
function setEvent(instance: string, name: EventName, filter: string | undefined): void {
  const folder = join(instance, "events", eventNames[name]);
  if (!existsSync(folder)) return;
  if (filter !== undefined) writeFileSync(join(folder, "filter"), filter === "" ? "0" : filter);
  writeFileSync(join(folder, "enable"), filter === undefined ? "0" : "1");
}
