import { instanceSpec } from "../src/runtime/image-instance.ts";
import { runcRuntime } from "../src/runtime/runc/runc-driver.ts";
import { countLeftovers } from "./support/instance-leftovers.ts";
import { describeRuntime, type RuntimeWorld } from "./support/runtime-conformance.ts";
import { makeTestHome, whyNoInstances } from "./support/runtime-image.ts";
import { removeTestHome } from "./support/stop-instances.ts";

describeRuntime("runc", { skip: whyNoInstances(), open });

async function open(): Promise<RuntimeWorld> {
  const home = await makeTestHome();
  return {
    runtime: runcRuntime(home.ctx),
    reopen: () => runcRuntime(home.ctx),
    spec: async (command, changes = {}) => ({ ...(await instanceSpec(home.ctx, home.image, { command })), ...changes }),
    leftovers: async () => countLeftovers(home.home),
    close: () => removeTestHome(home),
  };
}
