import { existsSync } from "node:fs";
import { join } from "node:path";
import { numberOf, readEventFormat, textOf, wideOf, type EventFormat, type RawEvent } from "./event-format.ts";

/** What the kernel told. `time` in nanoseconds of CLOCK_MONOTONIC; `pid` is a thread's number on the host. */
export type TraceEvent = { readonly time: number } & (
  | { readonly kind: "fork"; readonly pid: number; readonly child: number }
  /** The program is known and about to run: of a script, `interpreter` is the program that reads it. */
  | { readonly kind: "prepare"; readonly pid: number; readonly filename: string; readonly interpreter: string }
  /** `filename` as it was given to execve(2); `former` is the number of the thread that called. */
  | { readonly kind: "exec"; readonly pid: number; readonly former: number; readonly filename: string }
  | { readonly kind: "exit"; readonly pid: number }
  /** `pid` was moved into the cgroup `path` by `by`. */
  | { readonly kind: "attach"; readonly pid: number; readonly by: number; readonly path: string; readonly name: string }
  | { readonly kind: "setns"; readonly pid: number }
  /** A right was asked for in a user namespace, which is named by its address in the kernel. */
  | {
      readonly kind: "capability";
      readonly pid: number;
      readonly capability: number;
      readonly namespace: bigint;
      readonly isGranted: boolean;
    }
);

/** The events of tracefs that become each kind; a kernel may lack some. */
export const eventNames = {
  fork: "sched/sched_process_fork",
  prepare: "sched/sched_prepare_exec",
  exec: "sched/sched_process_exec",
  exit: "sched/sched_process_exit",
  attach: "cgroup/cgroup_attach_task",
  transfer: "cgroup/cgroup_transfer_tasks",
  setns: "syscalls/sys_enter_setns",
  capability: "capability/cap_capable",
} as const;

export type EventName = keyof typeof eventNames;

/** Whether this kernel has an event. */
export function hasEvent(tracefs: string, name: EventName): boolean {
  return existsSync(join(tracefs, "events", eventNames[name], "format"));
}

/** Turns raw events of the kinds `names` into ours; undefined for others. */
export function eventDecoder(tracefs: string, names: readonly EventName[]): (raw: RawEvent) => TraceEvent | undefined {
  const formats = new Map<number, { name: EventName; format: EventFormat }>();
  for (const name of names) {
    const format = readEventFormat(join(tracefs, "events", eventNames[name]));
    formats.set(format.id, { name, format });
  }
  return (raw) => {
    const known = formats.get(raw.type);
    return known === undefined ? undefined : decode(known.name, known.format, raw);
  };
}

function decode(name: EventName, { fields }: EventFormat, raw: RawEvent): TraceEvent | undefined {
  const { time, pid } = raw;
  const number = (field: string): number => numberOf(raw, fields.get(field));
  const text = (field: string): string => textOf(raw, fields.get(field));
  switch (name) {
    case "fork":
      return { kind: "fork", time, pid: number("parent_pid"), child: number("child_pid") };
    case "prepare":
      return { kind: "prepare", time, pid, filename: text("filename"), interpreter: text("interp") };
    case "exec":
      return { kind: "exec", time, pid: number("pid"), former: number("old_pid"), filename: text("filename") };
    case "exit":
      return { kind: "exit", time, pid: number("pid") };
    case "attach":
    case "transfer":
      return { kind: "attach", time, pid: number("pid"), by: pid, path: text("dst_path"), name: text("comm") };
    case "setns":
      return { kind: "setns", time, pid };
    case "capability":
      return {
        kind: "capability",
        time,
        pid,
        capability: number("cap"),
        namespace: wideOf(raw, fields.get("target_ns")),
        isGranted: number("ret") === 0,
      };
  }
}
