import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Context, Task } from "../ground/context.ts";
import { IngotError, isErrno } from "../ground/error.ts";
import { makeCastCgroup, type CastCgroup } from "./cast-cgroup.ts";
import type { CastMessage, CastRequest, CastTimings } from "./cast-messages.ts";
import type { CastPlan, CastStageResult } from "./cast-plan.ts";
import { scriptLimits, type ScriptLimits } from "./script-limits.ts";
import { mapUserNamespace } from "./user-namespace.ts";
import { availableMemory, chooseWork } from "./work-folder.ts";

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
  const limits = scriptLimits(ctx, availableMemory());
  const work = chooseWork(ctx, plan);
  const group = makeCastCgroup(limits);
  const worker = startWorker(ctx, { limits, group });
  const stop = () => worker.process.kill("SIGKILL");
  ctx.signal.addEventListener("abort", stop, { once: true });
  try {
    return await worker.serve({ plan, home: ctx.home, work, timeLimit: limits.time });
  } catch (error) {
    if (ctx.signal.aborted)
      throw new IngotError("cancelled", "the cast was stopped; nothing was changed", { cause: error });
    throw withLimits(error, group.met());
  } finally {
    ctx.signal.removeEventListener("abort", stop);
    stop();
    await group.remove();
    if (work.tmpfs === 0) rmSync(work.folder, { recursive: true, force: true });
  }
}

/** A script that was refused another process, or killed for its memory, cannot tell why itself. */
function withLimits(error: unknown, met: readonly string[]): unknown {
  if (!(error instanceof IngotError) || met.length === 0) return error;
  const hint = error.hint === undefined ? {} : { hint: error.hint };
  return new IngotError(error.code, error.message, { ...hint, details: [...error.details, ...met], cause: error });
}

/**
 * Two steps: `unshare --user` must be mapped from outside before its process may do more, and it is told so by a line on its standard input. Then the
 * other namespaces are made by the mapped root. The kernel counts processes against `prlimit` for all but the host's root, who has control groups. `--kill-child` and the closed IPC channel end the worker when this process goes.
 */
const launch = `echo; read -r go && exec prlimit --nproc="$0" unshare --mount --propagation private --pid --fork --kill-child --net --ipc --uts --cgroup -- "$@"`;

type Worker = { readonly process: ChildProcess; readonly serve: (request: CastRequest) => Promise<TimedCast> };

type Limited = { readonly limits: ScriptLimits; readonly group: CastCgroup };

function startWorker(ctx: Context, limited: Limited): Worker {
  const script = fileURLToPath(new URL("cast-worker.ts", import.meta.url));
  const node = [process.execPath, "--disable-warning=ExperimentalWarning", script];
  const child = spawn("unshare", ["--user", "--", "/bin/sh", "-c", launch, processLimit(limited.limits), ...node], {
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
  return { process: child, serve: (request) => converse(ctx, { child, group: limited.group }, request) };
}

/** Both limits, soft and hard; what the host has set is never raised. */
function processLimit({ processes }: ScriptLimits): string {
  const [, hard = ""] = /^Max processes +\S+ +(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8")) ?? [];
  const most = hard === "" ? processes : Math.min(processes, Number(hard));
  return `${most}:${most}`;
}

type Started = { readonly child: ChildProcess; readonly group: CastCgroup };

async function converse(ctx: Context, { child, group }: Started, request: CastRequest): Promise<TimedCast> {
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
    await Promise.race([openNamespace({ child, group }), promise]);
    return await promise;
  } finally {
    progress.end();
  }
}

async function openNamespace({ child, group }: Started): Promise<void> {
  if (child.stdout === null || child.pid === undefined) return;
  await once(child.stdout, "data");
  // Before anything of the image runs; what it starts is in there with it.
  group.add(child.pid);
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
