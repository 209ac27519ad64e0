import type { Context } from "../../ground/context.ts";
import type { Desk } from "../watch/desk.ts";
import { traceHandler } from "../watch/handle-trace.ts";
import { openCanary } from "./canary.ts";
import { namespaceLearner, type NamespaceLearner } from "./learn-namespaces.ts";
import type { FileWaiter } from "./trace/file-waiter.ts";
import { openTrace } from "./trace/trace.ts";

/** The trace sensor at work: what it tells is judged, and it proves again and again that it sees. */
export type TraceWatch = {
  readonly state: () => "awake" | "off" | "blind";
  readonly detail: () => string;
  readonly executions: () => number;
  readonly lost: () => number;
  readonly nameOf: (pid: number) => string;
  readonly follow: (pids: readonly number[]) => Promise<void>;
  /** Handles what the kernel has told by now. */
  readonly drain: () => void;
  readonly guardCgroups: (parents: readonly string[]) => void;
  /** The address of a process' user namespace, where the kernel tells of rights that are asked for in it. */
  readonly learnNamespace: (pid: number) => bigint | undefined;
  /** Of instances whose user namespace is not known, entries are told by the system call. */
  readonly guardSetns: (isOn: boolean) => void;
  /** Executes the guard's own program, and says whether that was seen. */
  readonly prove: () => Promise<boolean>;
  readonly close: () => Promise<void>;
};

export type TraceWatchOptions = {
  readonly folder: string;
  readonly key: string;
  readonly waiter: FileWaiter;
  readonly isUrgent: boolean;
  /** Called when it becomes blind, or sees again. */
  readonly onState: (state: "awake" | "blind") => void;
};

/** Milliseconds between two proofs. */
const proofInterval = 5000;

export function openTraceWatch(
  ctx: Context,
  desk: Desk,
  { folder, key, waiter, isUrgent, onState }: TraceWatchOptions,
): TraceWatch {
  const canary = openCanary(folder, ctx.randomBytes);
  const handler = traceHandler(desk, (event) => event.kind === "exec" && canary.isOwn(event.filename));
  let learner: NamespaceLearner | undefined;
  const trace = openTrace({
    folder,
    key,
    waiter,
    isUrgent,
    onEvents: (events) => {
      for (const event of events) if (event.kind === "capability" && event.pid === process.pid) learner?.note(event);
      handler.handle(events);
    },
  });
  if (typeof trace === "string") return noTrace(trace);
  if (trace.has("capability")) learner = namespaceLearner(trace, folder);
  let isAwake = true;
  const prove = async (): Promise<boolean> => {
    const sees = await canary.sing();
    if (sees !== isAwake) onState(sees ? "awake" : "blind");
    isAwake = sees;
    return sees;
  };
  const timer = setInterval(() => void prove(), proofInterval);
  timer.unref();
  return {
    state: () => (isAwake ? "awake" : "blind"),
    detail: () =>
      isAwake ? "executions and entries as the kernel tells of them" : "the last test execution was not seen",
    executions: handler.executions,
    lost: trace.lost,
    nameOf: trace.nameOf,
    follow: trace.follow,
    drain: trace.drain,
    guardCgroups: trace.guardCgroups,
    learnNamespace: (pid) => learner?.learn(pid),
    guardSetns: trace.guardSetns,
    prove,
    close: async () => {
      clearInterval(timer);
      await trace.close();
    },
  };
}

function noTrace(why: string): TraceWatch {
  return {
    state: () => "off",
    detail: () => why,
    executions: () => 0,
    lost: () => 0,
    nameOf: () => "",
    follow: async () => {},
    drain: () => {},
    guardCgroups: () => {},
    learnNamespace: () => undefined,
    guardSetns: () => {},
    prove: async () => false,
    close: async () => {},
  };
}
