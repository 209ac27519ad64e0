import { mkdtempSync, readdirSync, existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { dockerRuntime } from "../src/runtime/docker/docker-driver.ts";
import { instanceSpec } from "../src/runtime/image-instance.ts";
import { readMounts } from "../src/runtime/mount-table.ts";
import { runtimePaths } from "../src/runtime/paths.ts";
import { startPodman } from "./support/podman.ts";
import { describeRuntime, type RuntimeWorld } from "./support/runtime-conformance.ts";
import { isInstalled, makeTestHome, whyNoInstances } from "./support/runtime-image.ts";
import { removeTestHome } from "./support/stop-instances.ts";

describeRuntime("podman", {
  skip: whyNoInstances() ?? whyNoPodman(),
  open,
});

async function open(): Promise<RuntimeWorld> {
  const folder = mkdtempSync("/dev/shm/ingot-podman-");
  const home = await makeTestHome("/dev/shm");
  const daemon = await startPodman(folder);
  const make = () => dockerRuntime(home.ctx, { socket: daemon.socket });
  const key = runtimePaths(home.home).run;
  return {
    runtime: make(),
    reopen: make,
    spec: async (command, changes = {}) => ({ ...(await instanceSpec(home.ctx, home.image, { command })), ...changes }),
    leftovers: async () => ({
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

/** Twenty seconds, most of them for the image to be loaded: too much for every run. */
function whyNoPodman(): string | undefined {
  if (!isInstalled("podman")) return "needs podman: not installed";
  return process.env.INGOT_TEST_PODMAN === undefined
    ? "needs INGOT_TEST_PODMAN=1: loading an image takes podman 15 s"
    : undefined;
}
