import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Story } from "./story.ts";

export type RunOptions = {
  readonly cwd?: string;
  /** Another `$INGOT_HOME`: somebody else's machine. */
  readonly home?: string;
  readonly isShown?: boolean;
  /** The exit code that there must be; 0 by default. */
  readonly exit?: number;
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
    if (this.#interrupted !== undefined) throw new Error(`stopped by ${this.#interrupted}`);
    const shown = words.map((word) => (word.includes("\n") ? "'… the attempts …'" : word));
    if (options.isShown !== false) this.#story.command(shown);
    const env = { ...process.env, ...this.#environment, INGOT_HOME: options.home ?? this.home };
    const child = spawn(path, words, { cwd: options.cwd ?? this.#cwd, env, stdio: ["ignore", "pipe", "inherit"] });
    const output: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
    const [code] = (await once(child, "close")) as [number | null];
    const text = Buffer.concat(output).toString();
    const expected = options.exit ?? 0;
    if (code !== expected)
      throw new Error(`ingot ${shown.join(" ")} ended with exit code ${code}, not ${expected}:\n${text}`);
    return text;
  }

  async runJson<T>(words: readonly string[], options: RunOptions = {}): Promise<T> {
    return JSON.parse(await this.run([...words, "--json"], options)) as T;
  }
}
