import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** A job that a person watches: bytes or items done out of a total. */
export type Task = {
  /** Adds `amount` to what is done. */
  readonly advance: (amount: number) => void;
  /** Ends the task; `note` replaces its text ("124 archives, 41 MB"). */
  readonly done: (note?: string) => void;
};

/** Where progress and notices go: always stderr, or nothing at all; results never go here. */
export type Reporter = {
  readonly info: (line: string) => void;
  readonly warn: (line: string) => void;
  /** `total` in `unit`s; undefined when it is not known. */
  readonly task: (title: string, options?: { total?: number; unit?: "bytes" | "items" }) => Task;
};

/** Every effect that a test may want to replace. The file system is not here: tests use real folders. */
export type Context = {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** `$INGOT_HOME`: all state lives below it. */
  readonly home: string;
  readonly now: () => Date;
  readonly randomBytes: (size: number) => Buffer;
  readonly fetch: typeof fetch;
  readonly report: Reporter;
  /** Aborted by Ctrl-C; everything long listens to it. */
  readonly signal: AbortSignal;
  /** Asks the person for a secret, which is not echoed; absent where nobody sits at a terminal. */
  readonly askSecret?: (question: string) => Promise<string>;
  /** Where a registry that is a controller somebody is logged in to answers: its address with the scheme; undefined for every other. Absent where there is none to ask. */
  readonly controllerUrl?: (registry: string) => Promise<string | undefined>;
  /** The login for a registry that is the controller; undefined for every other. Absent where there is none to ask. */
  readonly registryLogin?: (
    registry: string,
  ) => Promise<{ readonly username: string; readonly password: string } | undefined>;
};

export const silentReporter: Reporter = {
  info: () => {},
  warn: () => {},
  task: () => ({ advance: () => {}, done: () => {} }),
};

/** The context of this process. `overrides` replace single effects. */
export function processContext(overrides: Partial<Context> = {}): Context {
  const env = overrides.env ?? process.env;
  return {
    env,
    cwd: process.cwd(),
    home: ingotHome(env),
    now: () => new Date(),
    // Loaded when it is called: node:crypto costs every start 8 ms.
    randomBytes: (size) => process.getBuiltinModule("node:crypto").randomBytes(size),
    fetch: globalThis.fetch,
    report: silentReporter,
    signal: new AbortController().signal,
    ...overrides,
  };
}

/** `INGOT_HOME`, or `/var/lib/ingot` for root, or the XDG state folder; absolute, since programs that are started elsewhere get it too. */
export function ingotHome(env: Context["env"], uid: number = process.getuid?.() ?? 0): string {
  if (env.INGOT_HOME) return resolve(env.INGOT_HOME);
  if (uid === 0) return "/var/lib/ingot";
  return resolve(env.XDG_STATE_HOME || join(env.HOME || homedir(), ".local/state"), "ingot");
}
