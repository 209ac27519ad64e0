import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { freePort } from "./daemon.ts";

const program = join(import.meta.dirname, "../../bin/ingot");

/** A real `ingot serve`. */
export type ControllerProcess = {
  readonly url: string;
  /** The one-time code of the first admin, where nobody is registered yet. */
  readonly code: string | undefined;
  readonly pid: number;
  /** Everything that it printed so far. */
  readonly output: () => string;
  /** SIGTERM, and waits; returns the exit code. */
  readonly stop: () => Promise<number | null>;
  /** SIGKILL, and waits. */
  readonly kill: () => Promise<void>;
};

export type ControllerStart = {
  readonly home: string;
  /** `ADDRESS:PORT`; any free port of loopback by default. */
  readonly listen?: string;
  /** What starts instances; `none` by default: then the controller keeps the record alone. */
  readonly runtime?: "runc" | "docker" | "podman" | "none";
  /** Whether it scans anew what runs; not by default: that asks the mirror. */
  readonly rescan?: boolean;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
};

/** Starts it and waits until it says where it serves. Throws with its output when it ends before that. */
export async function startController({
  home,
  listen,
  runtime = "none",
  rescan = false,
  args = [],
  env = {},
}: ControllerStart): Promise<ControllerProcess> {
  const place = listen ?? `127.0.0.1:${await freePort()}`;
  const scanning = rescan ? [] : ["--no-rescan"];
  const child = spawn(program, ["serve", "--listen", place, "--runtime", runtime, ...scanning, ...args], {
    env: { ...process.env, NO_COLOR: "1", ...env, INGOT_HOME: home },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output: string[] = [];
  child.stdout.on("data", (chunk: Buffer) => output.push(String(chunk)));
  child.stderr.on("data", (chunk: Buffer) => output.push(String(chunk)));
  const text = (): string => output.join("");
  const url = await waitFor(child, () => /serves at (\S+)/.exec(text())?.[1], text);
  return {
    url,
    code: /--enrol (\S+)/.exec(text())?.[1],
    pid: child.pid ?? 0,
    output: text,
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) {
        const ended = once(child, "exit");
        child.kill("SIGTERM");
        const timer = setTimeout(() => child.kill("SIGKILL"), 20_000);
        await ended;
        clearTimeout(timer);
      }
      return child.exitCode;
    },
    kill: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    },
  };
}

async function waitFor(child: ChildProcess, find: () => string | undefined, output: () => string): Promise<string> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const found = find();
    if (found !== undefined) return found;
    if (child.exitCode !== null || child.signalCode !== null || Date.now() > deadline) {
      child.kill("SIGKILL");
      throw new Error(`ingot serve did not start:\n${output()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
