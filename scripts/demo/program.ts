import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Readable } from "node:stream";
import type { Story } from "./story.ts";

export type RunOptions = {
  readonly cwd?: string;
  /** Another `$INGOT_HOME`: somebody else's machine. */
  readonly home?: string;
  readonly isShown?: boolean;
  /** The exit code that there must be; 0 by default. */
  readonly exit?: number;
  /** More of the environment. */
  readonly environment?: Readonly<Record<string, string>>;
};

const path = join(import.meta.dirname, "../../bin/ingot");

/** The real program, run as a person runs it: its progress goes through to stderr, what it printed as its result comes back. */
export class Program {
  readonly home: string;
  readonly #story: Story;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #cwd: string;
  #interrupted: NodeJS.Signals | undefined;

  constructor(
    story: Story,
    place: { readonly home: string; readonly cwd: string; readonly environment: Readonly<Record<string, string>> },
  ) {
    this.home = place.home;
    this.#story = story;
    this.#cwd = place.cwd;
    this.#environment = place.environment;
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => (this.#interrupted = signal));
  }

  /** What is left to do must be done also after Ctrl-C. */
  forgetInterruption(): void {
    this.#interrupted = undefined;
  }

  async run(words: readonly string[], options: RunOptions = {}): Promise<string> {
    return (await this.#carryOut(words, options, "inherit")).stdout;
  }

  async runJson<T>(words: readonly string[], options: RunOptions = {}): Promise<T> {
    return JSON.parse(await this.run([...words, "--json"], options)) as T;
  }

  /** Something that must fail with this exit code: tells and returns what it says of it. */
  async refuse(words: readonly string[], options: RunOptions & { readonly exit: number }): Promise<string> {
    const { stderr } = await this.#carryOut([...words, "--quiet"], options, "pipe");
    this.#story.line(stderr);
    return stderr;
  }

  async #carryOut(
    words: readonly string[],
    options: RunOptions,
    errors: "inherit" | "pipe",
  ): Promise<{ readonly stdout: string; readonly stderr: string }> {
    if (this.#interrupted !== undefined) throw new Error(`stopped by ${this.#interrupted}`);
    const shown = words.map((word) => (word.includes("\n") ? "'… the attempts …'" : word));
    if (options.isShown !== false) this.#story.command(shown);
    const env = {
      ...process.env,
      ...this.#environment,
      INGOT_HOME: options.home ?? this.home,
      ...options.environment,
    };
    const child = spawn(path, words, { cwd: options.cwd ?? this.#cwd, env, stdio: ["ignore", "pipe", errors] });
    const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
    const [code] = (await once(child, "close")) as [number | null];
    const expected = options.exit ?? 0;
    if (code !== expected)
      throw new Error(
        `ingot ${shown.join(" ")} ended with exit code ${code}, not ${expected}:\n${stdout()}${stderr()}`,
      );
    return { stdout: stdout(), stderr: stderr() };
  }
}

/** What a stream says, once it is at its end. */
function collect(stream: Readable | null): () => string {
  const output: Buffer[] = [];
  stream?.on("data", (chunk: Buffer) => output.push(chunk));
  return () => Buffer.concat(output).toString();
}
