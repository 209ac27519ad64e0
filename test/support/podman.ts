import { mkdirSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { startDaemon, type Daemon } from "./daemon.ts";

/** A podman service of the test's own. */
export type PodmanService = Daemon & { readonly socket: string };

/** Starts podman's service with all its state in `folder`; with runc, since crun does not run on every test machine. Needs root. */
export async function startPodman(folder: string): Promise<PodmanService> {
  mkdirSync(folder, { recursive: true });
  const config = join(folder, "containers.conf");
  writeFileSync(config, '[engine]\nevents_logger = "none"\n');
  const socket = join(folder, "podman.sock");
  const state = [`--root=${join(folder, "root")}`, `--runroot=${join(folder, "run")}`, "--storage-driver=overlay"];
  const args = [
    "--runtime=runc",
    "--cgroup-manager=cgroupfs",
    ...state,
    "system",
    "service",
    "--time=0",
    `unix://${socket}`,
  ];
  const env = { CONTAINERS_CONF: config };
  return { socket, ...(await startDaemon("podman", args, { env, isReady: () => answers(socket) })) };
}

function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request({ socketPath, path: "/_ping" }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    });
    asked.on("error", () => resolve(false)).end();
  });
}
