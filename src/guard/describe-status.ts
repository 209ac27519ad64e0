import type { GuardStatus } from "./guard.ts";
import type { TraceWatch } from "./sensors/trace-watch.ts";

export type StatusOf = Pick<GuardStatus, "isAwake" | "watched" | "breaker"> & { readonly isPolling: boolean };

export function describeStatus(trace: TraceWatch, { isAwake, isPolling, watched, breaker }: StatusOf): GuardStatus {
  const poll = isPolling
    ? ({ state: "awake", detail: "processes are listed four times a second" } as const)
    : ({ state: "off", detail: "the kernel tells of executions" } as const);
  return {
    isAwake,
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
    watched,
    executions: trace.executions(),
    lost: trace.lost(),
    breaker,
  };
}
