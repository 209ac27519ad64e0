import { mkdtempSync, readdirSync, existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { dockerRuntime } from "../src/runtime/docker/docker-driver.ts";
import { instanceSpec } from "../src/runtime/image-instance.ts";
import { readMounts } from "../src/runtime/mount-table.ts";
import { runtimePaths } from "../src/runtime/paths.ts";
import { startDockerd } from "./support/dockerd.ts";
import { describeRuntime, type RuntimeWorld } from "./support/runtime-conformance.ts";
import { isInstalled, makeTestHome, whyNoInstances } from "./support/runtime-image.ts";
import { removeTestHome } from "./support/stop-instances.ts";

describeRuntime("Docker Engine", {
  skip: whyNoInstances() ?? (isInstalled("dockerd") ? undefined : "needs dockerd: not installed"),
  open,
});

async function open(): Promise<RuntimeWorld> {
  const folder = mkdtempSync("/dev/shm/ingot-dockerd-");
  const home = await makeTestHome("/dev/shm");
  const daemon = await startDockerd(folder);
  const make = () => dockerRuntime(home.ctx, { socket: join(folder, "docker.sock") });
  const key = runtimePaths(home.home).run;
  return {
    runtime: make(),
    reopen: make,
    spec: async (command, changes = {}) => ({ ...(await instanceSpec(home.ctx, home.image, { command })), ...changes }),
    leftovers: async () => ({
      containers: await daemon.docker("ps", "-aq"),
      mounts: readMounts().filter(({ target }) => target.startsWith(`${key}/`) || target.includes(key.slice(-12)))
        .length,
      networks: readdirSync("/run/netns").filter((name) => name.includes(key.slice(-12))),
      folders: [join(key, "docker"), join(home.home, "docker-instances")].flatMap((path) =>
        existsSync(path) ? readdirSync(path) : [],
      ),
    }),
    close: async () => {
      const runtime = make();
      for (const { id } of await runtime.list()) await runtime.stop(id, { grace: 0 });
      await daemon.stop();
      await removeTestHome(home);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
