import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";

/** A server program that a test started; `stop` ends it and waits until it is gone. */
export type Daemon = { readonly pid: number; readonly stop: () => Promise<void>; readonly output: () => string };

/** Starts a program and waits until `isReady` says so. Throws with the program's own output when it ends or is not ready in time. */
export async function startDaemon(
  program: string,
  args: readonly string[],
  options: { isReady: () => Promise<boolean>; env?: Record<string, string>; wait?: number },
): Promise<Daemon> {
  const child = spawn(program, args, { env: { ...process.env, ...options.env }, stdio: ["ignore", "pipe", "pipe"] });
  const output: string[] = [];
  child.stdout.on("data", (chunk: Buffer) => output.push(String(chunk)));
  child.stderr.on("data", (chunk: Buffer) => output.push(String(chunk)));
  const failure = new Promise<never>((_, reject) => child.once("error", reject));
  failure.catch(() => {});
  const deadline = Date.now() + (options.wait ?? 20_000);
  while (!(await Promise.race([options.isReady().catch(() => false), failure]))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      await stop(child);
      throw new Error(`${program} did not start:\n${output.join("").split("\n").slice(-15).join("\n")}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { pid: child.pid ?? 0, stop: () => stop(child), output: () => output.join("") };
}

/** SIGTERM to this one process, SIGKILL when it has not ended after ten seconds. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
  await ended;
  clearTimeout(timer);
}

/** A loopback port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port is free");
  return address.port;
}
