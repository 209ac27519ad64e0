/**
 * The small process that runs instances for the controller, started by `resident-link.ts`: a program is started from it in a tenth of the time that the
 * controller's own memory would cost. It ends with the controller, however that ends; instances go on.
 */
import { flushCompileCache } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";
import { processContext, type Context } from "../../ground/context.ts";
import { runcRuntime } from "../runc/runc-driver.ts";
import type { InstanceId, LogRequest, Runtime } from "../runtime.ts";
import { sentError, type Answer, type Method, type Order } from "./resident-messages.ts";
import { sendReports } from "./sent-reports.ts";

/** Milliseconds for what is under way to be ended or undone once nobody waits for it any more. */
const endTime = 30_000;

const stopped = new AbortController();
const underWay = new Set<Promise<void>>();
let calls: Readonly<Record<Method, Call>> | undefined;

type Call = (...args: never[]) => Promise<unknown>;

process.on("message", obey);
process.on("disconnect", () => void undone().then(() => process.exit(0)));
process.on("SIGTERM", () => void undone().then(() => process.exit(0)));
// Ctrl-C is the controller's to answer: it stops what it wants stopped by this process.
for (const signal of ["SIGINT", "SIGHUP"] as const) process.on(signal, () => {});

function obey(order: Order): void {
  if (order.kind === "open") open(order);
  else if (order.kind === "abort") stopped.abort();
  else track(answer(order));
}

function open({ home, cwd }: Order & { kind: "open" }): void {
  const ctx: Context = processContext({ home, cwd, signal: stopped.signal, report: sendReports(send) });
  calls = callsOf(runcRuntime(ctx));
  send({ kind: "ready" });
  // Kept for the next start: this process may be killed at its end.
  flushCompileCache();
}

async function answer({ id, method, args }: Order & { kind: "call" }): Promise<void> {
  try {
    const value = await calls?.[method](...(args as never[]));
    send({ kind: "done", id, value });
  } catch (error) {
    send({ kind: "failed", id, error: sentError(error) });
  }
}

function callsOf(runtime: Runtime): Record<Method, Call> {
  const { logs, ...plain } = runtime;
  const streams = new Map<number, { iterator: AsyncIterator<Uint8Array>; stop: AbortController }>();
  return {
    ...plain,
    openLogs: async (stream: number, id: InstanceId, request: LogRequest) => {
      const stop = new AbortController();
      const signal = AbortSignal.any([stop.signal, stopped.signal]);
      streams.set(stream, { stop, iterator: logs(id, { ...request, signal })[Symbol.asyncIterator]() });
    },
    readLogs: async (stream: number) => (await streams.get(stream)?.iterator.next())?.value as Uint8Array | undefined,
    closeLogs: async (stream: number) => {
      const reading = streams.get(stream);
      streams.delete(stream);
      reading?.stop.abort();
      await reading?.iterator.return?.();
    },
  };
}

function track(work: Promise<void>): void {
  underWay.add(work);
  void work.then(() => underWay.delete(work));
}

/** Starts under way are undone, stops are finished; what takes too long is found by the next `list`. */
async function undone(): Promise<void> {
  stopped.abort();
  const late = sleep(endTime, undefined, { ref: false });
  while (underWay.size > 0 && (await Promise.race([Promise.all(underWay), late])) !== undefined);
}

function send(message: Answer): void {
  // The controller may be gone between any two lines; then there is nobody to tell, and `disconnect` follows.
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
}
