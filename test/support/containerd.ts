import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { startDaemon, type Daemon } from "./daemon.ts";

/** A containerd of the test's own. */
export type Containerd = Daemon & {
  /** Runs `ctr ARGS` against it and returns its stdout. */
  readonly ctr: (...args: string[]) => Promise<string>;
};

/** Starts containerd with all its state in `folder`. Needs root. */
export async function startContainerd(folder: string): Promise<Containerd> {
  mkdirSync(folder, { recursive: true });
  const address = join(folder, "containerd.sock");
  const config = join(folder, "config.toml");
  writeFileSync(
    config,
    [
      "version = 2",
      `root = "${join(folder, "root")}"`,
      `state = "${join(folder, "state")}"`,
      'disabled_plugins = ["io.containerd.grpc.v1.cri"]',
      `[grpc]\naddress = "${address}"`,
      `[ttrpc]\naddress = "${address}.ttrpc"`,
    ].join("\n"),
  );
  const ctr = async (...args: string[]): Promise<string> =>
    (await promisify(execFile)("ctr", ["--address", address, ...args], { maxBuffer: 1 << 26 })).stdout;
  const isReady = async (): Promise<boolean> => (await ctr("version")).includes("Server:");
  return { ctr, ...(await startDaemon("containerd", ["--config", config], { isReady })) };
}
