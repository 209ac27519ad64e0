import { fork, type ChildProcess } from "node:child_process";
import { extname, join } from "node:path";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import { withoutSecrets } from "../../ground/secret-environment.ts";
import { receivedError } from "../../runtime/helper/resident-messages.ts";
import type { Drift } from "../guard.ts";
import type { GuardAnswer, GuardMethod, GuardOrder } from "./guard-messages.ts";

/** One process of the guard, from its start to its end. */
export type GuardLink = {
  readonly pid: number | undefined;
  readonly ready: Promise<void>;
  readonly ask: (method: GuardMethod, args: readonly unknown[]) => Promise<unknown>;
  /** It is gone; never rejected. */
  readonly ended: Promise<void>;
  readonly kill: () => void;
  readonly close: () => Promise<void>;
};

/** Milliseconds that it may take to end. */
const closeTime = 5000;

export function startGuardProcess(ctx: Context, onDrift: (drift: Drift) => void): GuardLink {
  const child = forkGuard(ctx);
  const pending = new Map<number, PromiseWithResolvers<unknown>>();
  const opened = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  child.on("message", (answer: GuardAnswer) => {
    if (answer.kind === "ready") return opened.resolve();
    if (answer.kind === "drift") return onDrift(answer.drift);
    const call = pending.get(answer.id);
    pending.delete(answer.id);
    if (answer.kind === "done") call?.resolve(answer.value);
    else call?.reject(receivedError(answer.error));
  });
  let lost: IngotError | undefined;
  const lose = (why: string): void => {
    lost = lostGuard(why);
    opened.reject(lostGuard(why));
    for (const call of pending.values()) call.reject(lostGuard(why));
    pending.clear();
    ended.resolve();
  };
  child.on("error", (error) => lose(error.message));
  child.on("exit", (code, signal) => lose(signal === null ? `exit code ${code}` : signal));
  // Who waits for neither of them is told by the call that fails.
  opened.promise.catch(() => {});
  const send = (order: GuardOrder) => void child.send(order, () => {});
  send({ kind: "open", home: ctx.home });
  let calls = 0;
  return {
    pid: child.pid,
    ready: opened.promise,
    ended: ended.promise,
    ask: (method, args) => {
      // Nobody is there to answer, until the next process is: who waited for it would wait for ever.
      if (lost !== undefined) return Promise.reject(lost);
      const call = Promise.withResolvers<unknown>();
      const id = (calls += 1);
      pending.set(id, call);
      send({ kind: "call", id, method, args });
      return call.promise;
    },
    kill: () => void child.kill("SIGKILL"),
    close: async () => {
      if (child.connected) child.disconnect();
      const timer = setTimeout(() => child.kill("SIGKILL"), closeTime);
      await ended.promise;
      clearTimeout(timer);
    },
  };
}

export function lostGuard(why: string): IngotError {
  return new IngotError("guard-lost", `the process of the guard ended (${why})`, {
    hint: "it is started again by itself; ingot status shows whether it is awake",
  });
}

function forkGuard(ctx: Context): ChildProcess {
  const script = join(import.meta.dirname, `guard-process${extname(import.meta.filename)}`);
  return fork(script, [], {
    // It makes little garbage, and starts a program now and then, which costs the less the smaller it is.
    execArgv: ["--disable-warning=ExperimentalWarning", "--max-semi-space-size=2"],
    serialization: "json",
    cwd: "/",
    detached: true,
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    env: { ...withoutSecrets(ctx.env), NODE_COMPILE_CACHE: join(ctx.home, "cache/node") },
  });
}
