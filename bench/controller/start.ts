import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { freePort } from "../../test/support/daemon.ts";
import type { Bench, Side } from "../comparison.ts";

/** From the start of the process to its first answer to a request, and what it holds in memory two seconds later. */
export const bench: Bench = async function* (work) {
  const ingot = join(import.meta.dirname, "../../bin/ingot");
  const home = join(work.folder, "start-home");
  const sides = [
    startOf("ingot serve", (port) =>
      spawn(ingot, ["serve", "--listen", `127.0.0.1:${port}`, "--runtime", "none"], {
        env: { ...process.env, INGOT_HOME: home },
        stdio: "ignore",
      }),
    ),
    startOf("docker-registry", (port) =>
      spawn("docker-registry", ["serve", writeSettings(work.folder, port)], { stdio: "ignore" }),
    ),
  ];
  try {
    yield {
      title: "start to the first answered request",
      note: "docker-registry holds no ledger, no policies and no identities",
      runs: work.runs(7),
      sides,
    };
  } finally {
    for (const { stop } of sides) await stop();
  }
};

function startOf(name: string, start: (port: number) => ChildProcess): Side & { readonly stop: () => Promise<void> } {
  let port = 0;
  let running: { readonly child: ChildProcess; readonly ended: Promise<unknown> } | undefined;
  let memory = "";
  const stop = async (): Promise<void> => {
    if (running === undefined) return;
    await new Promise((resolve) => setTimeout(resolve, 2000));
    memory = `${residentMegabytes(running.child.pid ?? 0)} MB resident in an earlier run`;
    running.child.kill("SIGTERM");
    await running.ended;
    running = undefined;
  };
  return {
    name,
    prepare: async () => {
      await stop();
      port = await freePort();
    },
    run: async () => {
      const child = start(port);
      running = { child, ended: once(child, "exit") };
      while (!(await isAnswered(port))) {
        if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}`);
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      return memory;
    },
    stop,
  };
}

function isAnswered(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () =>
      socket.write(`GET /v2/ HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`),
    );
    socket.once("error", () => resolve(false));
    socket.once("data", () => {
      socket.destroy();
      resolve(true);
    });
  });
}

function residentMegabytes(pid: number): number {
  const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Math.round(Number(kilobytes) / 1024);
}

function writeSettings(folder: string, port: number): string {
  const root = join(folder, "start-registry");
  mkdirSync(root, { recursive: true });
  const file = join(root, "config.yml");
  const settings = {
    version: 0.1,
    log: { level: "warn", accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(root, "data") } },
    http: { addr: `127.0.0.1:${port}`, secret: "only for measuring" },
  };
  // JSON is YAML.
  writeFileSync(file, JSON.stringify(settings));
  return file;
}
