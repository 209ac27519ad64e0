import { spawn, type SpawnOptions } from "node:child_process";
import { IngotError, isErrno } from "./error.ts";
import { withoutSecrets } from "./secret-environment.ts";

export type CommandResult = {
  /** The exit code; 128 + n when signal n ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
};

export type CommandOptions = {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: string | Uint8Array;
  readonly signal?: AbortSignal;
  /** Which Debian package has the program, for the hint when it is missing. */
  readonly package?: string;
  /** Of the output; `latin1` keeps every byte. UTF-8 by default. */
  readonly encoding?: "utf8" | "latin1";
  /** Return a non-zero exit code instead of throwing. */
  readonly allowFailure?: boolean;
};

/**
 * Runs a program to its end and returns what it printed. Throws `command-missing` when it is not installed, `command-failed` when it ends
 * with an error and `allowFailure` is not set, `cancelled` when the signal is aborted.
 */
export async function runCommand(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const result = await collect(program, args, options);
  if (result.code !== 0 && !options.allowFailure) {
    throw new IngotError("command-failed", `${program} ended with exit code ${result.code}`, {
      details: [`${program} ${args.join(" ")}`, ...result.stderr.trimEnd().split("\n").slice(-20)],
    });
  }
  return result;
}

function collect(program: string, args: readonly string[], options: CommandOptions): Promise<CommandResult> {
  const { promise, resolve, reject } = Promise.withResolvers<CommandResult>();
  const spawnOptions: SpawnOptions = { stdio: ["pipe", "pipe", "pipe"] };
  if (options.cwd !== undefined) spawnOptions.cwd = options.cwd;
  if (options.env !== undefined) spawnOptions.env = { ...withoutSecrets(options.env) };
  if (options.signal !== undefined) spawnOptions.signal = options.signal;
  const child = spawn(program, args, spawnOptions);
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout?.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr?.on("data", (chunk: Buffer) => stderr.push(chunk));
  // A program may end before it has read its input; the exit code tells the story, EPIPE does not.
  child.stdin?.on("error", () => {});
  child.stdin?.end(options.input ?? "");
  child.on("error", (error) => reject(startError(program, error, options)));
  child.on("close", (code, signal) =>
    resolve({
      code: code ?? 128 + (signalNumbers[signal ?? ""] ?? 0),
      stdout: Buffer.concat(stdout).toString(options.encoding),
      stderr: Buffer.concat(stderr).toString(),
    }),
  );
  return promise;
}

function startError(program: string, error: Error, options: CommandOptions): IngotError {
  if (isErrno(error, "ENOENT")) {
    const details = options.package === undefined ? {} : { hint: `apt-get install ${options.package}` };
    return new IngotError("command-missing", `the program ${program} is not installed`, { cause: error, ...details });
  }
  if (error.name === "AbortError") return new IngotError("cancelled", `${program} was stopped`, { cause: error });
  return new IngotError("command-failed", `${program} could not be started: ${error.message}`, { cause: error });
}

const signalNumbers: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGSYS: 31,
  SIGTERM: 15,
};
