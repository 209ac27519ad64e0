import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { freePort } from "../../test/support/daemon.ts";

export type StartedController = { readonly host: string; readonly token: string; readonly stop: () => Promise<void> };

/** In a process of its own, as it runs for people; with so many events of a history. */
export async function startController(home: string, events = 0): Promise<StartedController> {
  mkdirSync(home, { recursive: true });
  const port = String(await freePort());
  const script = join(import.meta.dirname, "../support/registry-server.ts");
  const flags = ["--disable-warning=ExperimentalWarning", script, home, port, String(events)];
  const child: ChildProcess = spawn(process.execPath, flags, { stdio: ["ignore", "pipe", "inherit"] });
  if (child.stdout === null) throw new Error("no output");
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  const { token } = JSON.parse(line) as { token: string };
  const stop = async (): Promise<void> => {
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    await ended;
  };
  return { host: `127.0.0.1:${port}`, token, stop };
}
