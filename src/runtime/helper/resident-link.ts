import { fork, type ChildProcess } from "node:child_process";
import { extname, join } from "node:path";
import type { Context } from "../../ground/context.ts";
import { withoutSecrets } from "../../ground/secret-environment.ts";
import { lostCall } from "./lost-call.ts";
import { receivedError, type Answer, type Method, type Order } from "./resident-messages.ts";
import { receiveReports } from "./sent-reports.ts";

/** One resident process, from its start to its end. */
export type ResidentLink = {
  readonly pid: number | undefined;
  /** It answers from now on. Rejected when it ends before that. */
  readonly ready: Promise<void>;
  /** Rejected with the error that was thrown there, or with `lostCall` when the process ends first. */
  readonly ask: (method: Method, args: readonly unknown[]) => Promise<unknown>;
  /** It is gone; never rejected. */
  readonly ended: Promise<void>;
  /** Lets it finish what is under way, and go; SIGKILL when that takes longer than `wait` milliseconds. */
  readonly close: (wait: number) => Promise<void>;
};

type Pending = {
  readonly method: Method;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
};

export function startResident(ctx: Context): ResidentLink {
  const child = forkResident(ctx);
  const pending = new Map<number, Pending>();
  const opened = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  const tell = receiveReports(ctx.report);
  child.on("message", (answer: Answer) => {
    if (answer.kind === "ready") return opened.resolve();
    if (answer.kind !== "done" && answer.kind !== "failed") return tell(answer);
    const call = pending.get(answer.id);
    pending.delete(answer.id);
    if (answer.kind === "done") call?.resolve(answer.value);
    else call?.reject(receivedError(answer.error));
  });
  let lost: string | undefined;
  const lose = (why: string): void => {
    lost = why;
    opened.reject(lostCall("start", why));
    for (const { method, reject } of pending.values()) reject(lostCall(method, why));
    pending.clear();
    ended.resolve();
  };
  child.on("error", (error) => lose(error.message));
  child.on("exit", (code, signal) => lose(signal === null ? `exit code ${code}` : signal));
  // Who waits for neither of them is told by the call that fails.
  opened.promise.catch(() => {});
  const send = (order: Order) => void child.send(order, () => {});
  const abort = (): void => send({ kind: "abort" });
  ctx.signal.addEventListener("abort", abort, { once: true });
  void ended.promise.then(() => ctx.signal.removeEventListener("abort", abort));
  send({ kind: "open", home: ctx.home, cwd: ctx.cwd });
  if (ctx.signal.aborted) abort();
  let calls = 0;
  const ask: ResidentLink["ask"] = (method, args) => {
    // A reader of a log that comes back for more: nobody is there to answer, and it would wait for ever.
    if (lost !== undefined) return Promise.reject(lostCall(method, lost));
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const id = (calls += 1);
    pending.set(id, { method, resolve, reject });
    send({ kind: "call", id, method, args });
    return promise;
  };
  return {
    pid: child.pid,
    ready: opened.promise,
    ask,
    ended: ended.promise,
    close: (wait) => close(child, ended.promise, wait),
  };
}

function forkResident(ctx: Context): ChildProcess {
  const script = join(import.meta.dirname, `resident-process${extname(import.meta.filename)}`);
  return fork(script, [], {
    // Only the runtime is loaded, and a start makes little garbage: a small young generation keeps the process small, and with it what a spawn costs.
    execArgv: ["--disable-warning=ExperimentalWarning", "--max-semi-space-size=2"],
    // Messages by structured clone: the bytes of a secret pass as bytes.
    serialization: "advanced",
    cwd: "/",
    // A session of its own: Ctrl-C reaches the controller, which then says what is to be ended.
    detached: true,
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    env: { ...withoutSecrets(ctx.env), NODE_COMPILE_CACHE: ctx.env.NODE_COMPILE_CACHE ?? join(ctx.home, "cache/node") },
  });
}

async function close(child: ChildProcess, ended: Promise<void>, wait: number): Promise<void> {
  if (child.connected) child.disconnect();
  const timer = setTimeout(() => child.kill("SIGKILL"), wait);
  await ended;
  clearTimeout(timer);
}
