import { execFile } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { startDaemon, type Daemon } from "./daemon.ts";

/** A Docker daemon of the test's own, without any network. */
export type Dockerd = Daemon & {
  /** Where its API answers. */
  readonly socket: string;
  /** Runs `docker ARGS` against it and returns its stdout. */
  readonly docker: (...args: string[]) => Promise<string>;
};

/** Starts dockerd with all its state in `folder`. Needs root. Containers run with `--network none` (or `host`). */
export async function startDockerd(folder: string): Promise<Dockerd> {
  mkdirSync(folder, { recursive: true });
  const socket = join(folder, "docker.sock");
  const host = `unix://${socket}`;
  const docker = async (...args: string[]): Promise<string> => {
    const { stdout } = await promisify(execFile)("docker", ["-H", host, ...args], { maxBuffer: 1 << 26 });
    return stdout;
  };
  const args = ["--iptables=false", "--ip6tables=false", "--bridge=none", "-H", host];
  const state = ["data-root", "exec-root"].map((name) => `--${name}=${join(folder, name)}`);
  const isReady = async (): Promise<boolean> => (await docker("version")).length > 0;
  const pidfile = `--pidfile=${join(folder, "dockerd.pid")}`;
  return { docker, socket, ...(await startDaemon("dockerd", [...args, ...state, pidfile], { isReady, wait: 40_000 })) };
}
