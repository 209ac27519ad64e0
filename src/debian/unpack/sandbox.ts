import { spawn, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { IngotError } from "../../ground/error.ts";

export type SandboxCommand = { readonly argv: readonly string[]; readonly env: Readonly<Record<string, string>> };

/** What the process inside is told: to run a command, or to end the one that runs. */
export type SandboxOrder = SandboxCommand | { readonly end: true };

export type SandboxMessage =
  | { readonly kind: "ready" }
  /** What the command wrote to descriptor 3. */
  | { readonly kind: "status"; readonly text: string }
  | { readonly kind: "ended"; readonly code: number; readonly output: string };

export type SandboxResult = {
  /** The exit code; 128 when a signal ended it. */
  readonly code: number;
  /** Standard output and error, in the order they were written. */
  readonly output: string;
};

export type SandboxOptions = {
  /** Absolute path of the tree that becomes `/`; it needs the folders `dev` and `proc`. */
  readonly root: string;
  /** The Node to run; on a read-only mount, since root inside could else overwrite it through /proc/1/exe (CVE-2019-5736). */
  readonly node: string;
  /** Milliseconds that a command may take, an hour by default; then it is ended, with all that it started. */
  readonly timeLimit?: number;
};

/** How long the process inside may take to end a command: a script that took it over would not. */
const endGrace = 10_000;

/**
 * Runs programs of an image with the image as their root. Expects to be in a user namespace already (see `image/cast.ts`): root inside cannot make
 * devices, load modules or mount disks; there is no network; and the host's files and processes are not visible in the mount and pid namespaces
 * that are made here. All processes of a command are gone when its result arrives.
 */
export class Sandbox {
  readonly #process: ChildProcess;
  readonly #ready: Promise<void>;
  #current:
    | { resolve: (result: SandboxResult) => void; reject: (error: Error) => void; status: (text: string) => void }
    | undefined;
  #dead: IngotError | undefined;
  readonly #timeLimit: number;

  constructor(options: SandboxOptions) {
    this.#timeLimit = options.timeLimit ?? 3_600_000;
    const init = fileURLToPath(new URL("sandbox-init.ts", import.meta.url));
    const flags = ["--mount", "--pid", "--fork", "--kill-child", "--"];
    const { NODE_COMPILE_CACHE } = process.env;
    this.#process = spawn(
      "unshare",
      [...flags, options.node, "--disable-warning=ExperimentalWarning", init, options.root],
      {
        stdio: ["ignore", "ignore", "pipe", "ipc"],
        env: { PATH: process.env.PATH, ...(NODE_COMPILE_CACHE !== undefined && { NODE_COMPILE_CACHE }) },
      },
    );
    this.#ready = this.#listen();
    // Whoever runs a command sees the failure; until then it is nobody's unhandled rejection.
    this.#ready.catch(() => {});
  }

  /** Runs one program to its end; one at a time. `onStatus` gets what it writes to descriptor 3. */
  async run(command: SandboxCommand, onStatus: (text: string) => void = () => {}): Promise<SandboxResult> {
    await this.#ready;
    if (this.#dead !== undefined) throw this.#dead;
    const { promise, resolve, reject } = Promise.withResolvers<SandboxResult>();
    this.#current = { resolve, reject, status: onStatus };
    this.#process.send(command);
    return await this.#within(promise);
  }

  async #within(result: Promise<SandboxResult>): Promise<SandboxResult> {
    let isOver = false;
    let lastTimer: NodeJS.Timeout | undefined;
    const timer = setTimeout(() => {
      isOver = true;
      this.#process.send({ end: true } satisfies SandboxOrder);
      lastTimer = setTimeout(() => this.#process.kill("SIGKILL"), endGrace);
    }, this.#timeLimit);
    try {
      const { code, output } = await result;
      if (!isOver) return { code, output };
      const why = `ended after ${this.#timeLimit / 1000} s, which is the limit; INGOT_SCRIPT_TIMEOUT raises it`;
      return { code: code === 0 ? 128 : code, output: `${output}\n${why}` };
    } finally {
      clearTimeout(timer);
      clearTimeout(lastTimer);
    }
  }

  /** Ends everything inside. */
  close(): void {
    this.#process.removeAllListeners("exit");
    this.#process.kill("SIGKILL");
  }

  #listen(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const errors: Buffer[] = [];
    this.#process.stderr?.on("data", (chunk: Buffer) => errors.push(chunk));
    this.#process.on("message", (message: SandboxMessage) => {
      if (message.kind === "ready") resolve();
      else this.#receive(message);
    });
    const fail = (cause?: Error) => {
      this.#dead = sandboxFailed(Buffer.concat(errors).toString("utf8"), cause);
      reject(this.#dead);
      this.#current?.reject(this.#dead);
    };
    this.#process.on("error", fail);
    this.#process.on("exit", () => fail());
    return promise;
  }

  #receive(message: Exclude<SandboxMessage, { kind: "ready" }>): void {
    if (message.kind === "status") return this.#current?.status(String(message.text));
    const { resolve } = this.#current ?? {};
    this.#current = undefined;
    resolve?.({ code: Number(message.code), output: String(message.output) });
  }
}

function sandboxFailed(output: string, cause?: Error): IngotError {
  return new IngotError(
    "sandbox-failed",
    "the sandbox for maintainer scripts could not be set up, or ended by itself",
    {
      hint: "inside a container, start it with a /proc that is not masked (docker: --security-opt systempaths=unconfined)",
      details: output.trimEnd().split("\n").filter(Boolean).slice(-20),
      cause,
    },
  );
}
