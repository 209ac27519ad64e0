import { spawn } from "node:child_process";
import { constants } from "node:os";
import { join } from "node:path";

export type IngotResult = { readonly code: number; readonly stdout: string; readonly stderr: string };

export type IngotOptions = {
  readonly cwd?: string;
  /** Added to this process's environment; undefined removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: string;
  /** Sent once stderr or stdout contains `after`, or after `after` milliseconds. */
  readonly kill?: { readonly signal: NodeJS.Signals; readonly after: number | string };
  /** Called when it has started, with its process id; what it throws fails the call. */
  readonly during?: (pid: number) => Promise<void>;
  /** As a shell starts a command: in a process group of its own, which `kill(-pid)` reaches. */
  readonly ownGroup?: boolean;
  /** Milliseconds until it is killed, which fails the call. Default two minutes. */
  readonly timeout?: number;
};

const program = join(import.meta.dirname, "../../bin/ingot");

/** Runs `bin/ingot` as a user does, to its end, and returns what it printed. A signal's death is code 128 + n, as in a shell. */
export function runIngot(args: readonly string[], options: IngotOptions = {}): Promise<IngotResult> {
  const { promise, resolve, reject } = Promise.withResolvers<IngotResult>();
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: { ...process.env, NO_COLOR: "1", ...options.env },
    stdio: ["pipe", "pipe", "pipe"],
    detached: options.ownGroup === true,
  });
  if (child.pid !== undefined) options.during?.(child.pid).catch(reject);
  const output = { stdout: "", stderr: "" };
  const { kill } = options;
  const timeout = setTimeout(() => {
    child.kill("SIGKILL");
    reject(new Error(`ingot ${args.join(" ")} did not end in time\n${output.stdout}\n${output.stderr}`));
  }, options.timeout ?? 120_000);
  const killTimer = typeof kill?.after === "number" ? setTimeout(() => child.kill(kill.signal), kill.after) : undefined;
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream].setEncoding("utf8").on("data", (text: string) => {
      const hadSeen = typeof kill?.after === "string" && output[stream].includes(kill.after);
      output[stream] += text;
      if (typeof kill?.after === "string" && !hadSeen && output[stream].includes(kill.after)) child.kill(kill.signal);
    });
  }
  child.stdin.on("error", () => {}).end(options.input ?? "");
  child.on("error", reject);
  child.on("close", (code, signal) => {
    clearTimeout(timeout);
    clearTimeout(killTimer);
    resolve({ code: code ?? 128 + constants.signals[signal ?? "SIGTERM"], ...output });
  });
  return promise;
}

/** The one JSON object that a command prints with `--json`. */
export function parseJson<T>(result: IngotResult): T {
  return JSON.parse(result.stdout) as T;
}
