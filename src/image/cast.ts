import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Context, Task } from "../ground/context.ts";
import { IngotError, isErrno } from "../ground/error.ts";
import type { CastMessage, CastRequest, CastTimings } from "./cast-messages.ts";
import type { CastPlan, CastStageResult } from "./cast-plan.ts";
import { mapUserNamespace } from "./user-namespace.ts";
import { chooseWork } from "./work-folder.ts";

/**
 * Makes the layers of all stages in one sandboxed worker. Works the same for root and for an ordinary user. Nothing is left behind when it fails or is
 * aborted but whole blobs in the store, which garbage collection sweeps. Throws `script-failed`, `deb-altered`, `disk-full`, `cancelled` and others.
 */
export async function castStages(ctx: Context, plan: CastPlan): Promise<readonly CastStageResult[]> {
  return (await castStagesTimed(ctx, plan)).results;
}

export type TimedCast = { readonly results: readonly CastStageResult[]; readonly timings: CastTimings };

/** The same, with the milliseconds of each phase. */
export async function castStagesTimed(ctx: Context, plan: CastPlan): Promise<TimedCast> {
  ctx.signal.throwIfAborted();
  const work = chooseWork(ctx, plan);
  const worker = startWorker(ctx);
  const stop = () => worker.process.kill("SIGKILL");
  ctx.signal.addEventListener("abort", stop, { once: true });
  try {
    return await worker.serve({ plan, home: ctx.home, work });
  } catch (error) {
    if (ctx.signal.aborted)
      throw new IngotError("cancelled", "the cast was stopped; nothing was changed", { cause: error });
    throw error;
  } finally {
    ctx.signal.removeEventListener("abort", stop);
    stop();
    if (work.tmpfs === 0) rmSync(work.folder, { recursive: true, force: true });
  }
}

/**
 * Two steps: `unshare --user` must be mapped from outside before its process may do more, and it is told so by a line on its standard input. Then the
 * other namespaces are made by the mapped root. `--kill-child` and the closed IPC channel end the worker when this process goes.
 */
const launch = `echo; read -r go && exec unshare --mount --propagation private --pid --fork --kill-child --net --ipc --uts --cgroup -- "$@"`;

type Worker = { readonly process: ChildProcess; readonly serve: (request: CastRequest) => Promise<TimedCast> };

function startWorker(ctx: Context): Worker {
  const script = fileURLToPath(new URL("cast-worker.ts", import.meta.url));
  const node = [process.execPath, "--disable-warning=ExperimentalWarning", script];
  const child = spawn("unshare", ["--user", "--", "/bin/sh", "-c", launch, "cast", ...node], {
    stdio: ["pipe", "pipe", "pipe", "ipc"],
    cwd: "/",
    // A session of its own: Ctrl-C reaches this process, which then ends the worker and says so, and scripts have no terminal to ask on.
    detached: true,
    env: {
      PATH: `${ctx.env.PATH ?? ""}:/usr/sbin:/usr/bin:/sbin:/bin`,
      UV_THREADPOOL_SIZE: String(Math.max(2, availableParallelism())),
      NODE_COMPILE_CACHE: join(ctx.home, "cache/node"),
    },
  });
  return { process: child, serve: (request) => converse(ctx, child, request) };
}

async function converse(ctx: Context, child: ChildProcess, request: CastRequest): Promise<TimedCast> {
  const { promise, resolve, reject } = Promise.withResolvers<TimedCast>();
  const errors: Buffer[] = [];
  const progress = new Progress(ctx);
  child.stderr?.on("data", (chunk: Buffer) => errors.push(chunk));
  child.stdin?.on("error", () => {});
  child.on("error", (error) => reject(notStarted(error)));
  child.on("exit", () => reject(workerDied(Buffer.concat(errors).toString("utf8"))));
  child.on("message", (message: CastMessage) => {
    if (message.kind === "ready") child.send(request);
    else if (message.kind === "done") resolve(message);
    else if (message.kind === "failed")
      reject(new IngotError(message.error.code, message.error.message, message.error));
    else progress.follow(message);
  });
  promise.catch(() => {});
  try {
    await Promise.race([openNamespace(child), promise]);
    return await promise;
  } finally {
    progress.end();
  }
}

async function openNamespace(child: ChildProcess): Promise<void> {
  if (child.stdout === null || child.pid === undefined) return;
  await once(child.stdout, "data");
  await mapUserNamespace(child.pid);
  child.stdin?.end("go\n");
}

class Progress {
  readonly #ctx: Context;
  #task: Task | undefined;

  constructor(ctx: Context) {
    this.#ctx = ctx;
  }

  follow(message: Extract<CastMessage, { kind: "packages" | "configured" }>): void {
    if (message.kind === "configured") return this.#task?.advance(1);
    this.end();
    this.#task = this.#ctx.report.task(`install ${message.stage}`, { total: message.total, unit: "items" });
  }

  end(): void {
    this.#task?.done();
    this.#task = undefined;
  }
}

function notStarted(error: Error): IngotError {
  if (!isErrno(error, "ENOENT"))
    return new IngotError("sandbox-failed", `the sandbox could not be started: ${error.message}`, { cause: error });
  return new IngotError("command-missing", "the program unshare is not installed", {
    hint: "sudo apt-get install util-linux",
    cause: error,
  });
}

function workerDied(output: string): IngotError {
  return new IngotError(
    "sandbox-failed",
    "the process that makes the image ended before it was done; nothing was changed",
    {
      hint: "user namespaces must be allowed: sudo sysctl -w kernel.unprivileged_userns_clone=1 user.max_user_namespaces=10000",
      details: output.trimEnd().split("\n").filter(Boolean).slice(-20),
    },
  );
}
