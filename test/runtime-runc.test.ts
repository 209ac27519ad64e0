import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { instanceSpec } from "../src/runtime/image-instance.ts";
import { readMounts } from "../src/runtime/mount-table.ts";
import { runtimePaths } from "../src/runtime/paths.ts";
import { runcRuntime } from "../src/runtime/runc/runc-driver.ts";
import { describeRuntime, type RuntimeWorld } from "./support/runtime-conformance.ts";
import { makeTestHome, whyNoInstances, type TestHome } from "./support/runtime-image.ts";
import { removeTestHome } from "./support/stop-instances.ts";

describeRuntime("runc", { skip: whyNoInstances(), open });

async function open(): Promise<RuntimeWorld> {
  const home = await makeTestHome();
  return {
    runtime: runcRuntime(home.ctx),
    reopen: () => runcRuntime(home.ctx),
    spec: async (command, changes = {}) => ({ ...(await instanceSpec(home.ctx, home.image, { command })), ...changes }),
    leftovers: async () => leftovers(home),
    close: () => removeTestHome(home),
  };
}

/** Of this home: other tests run at the same time. */
function leftovers({ home }: TestHome): unknown {
  const { run, runc, instances, bundles } = runtimePaths(home);
  const key = basename(run);
  const names = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder).toSorted() : []);
  const groups = names("/sys/fs/cgroup").flatMap((controller) =>
    names(join("/sys/fs/cgroup", controller, "ingot")).filter((name) => name.startsWith(key)),
  );
  const addresses = names("/run/ingot/cni/ingot").filter((name) =>
    readFileSync(join("/run/ingot/cni/ingot", name), "utf8").startsWith(key),
  );
  return {
    mounts: readMounts().filter(({ target }) => target.startsWith(bundles)).length,
    groups,
    addresses,
    networks: names("/run/netns").filter((name) => name.startsWith(`ingot-${key}`)),
    files: [names(instances), names(runc), names(bundles), names(join(run, "locks")).filter((name) => name === "")],
  };
}
