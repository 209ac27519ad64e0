import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { runCommand } from "../src/ground/run-command.ts";
import { releaseUnusedContent } from "../src/runtime/collect-content.ts";
import { instanceSpec } from "../src/runtime/image-instance.ts";
import { runtimePaths } from "../src/runtime/paths.ts";
import { runcRuntime } from "../src/runtime/runc/runc-driver.ts";
import { isInstalled, makeTestHome, whyNoInstances, type TestHome } from "../test/support/runtime-image.ts";
import { removeTestHome } from "../test/support/stop-instances.ts";
import type { Bench, Side } from "./comparison.ts";

const command = ["sleep", "600"];

/** From an image in the store to a running instance; then another one of the same image. Ours has its network and verification in it, the others have none. */
export const bench: Bench = async function* (work) {
  const reason = whyNoInstances();
  if (reason !== undefined) return console.error(`start: skipped, ${reason}`);
  const home = await makeTestHome(work.folder);
  const bundle = join(work.folder, "bundle");
  try {
    const unpack = unpackFirst(home, bundle);
    yield {
      title: "fresh image → first instance running",
      note: "image of one layer on tmpfs; to reach: 0.3 × of a pull and unpack by docker",
      runs: work.runs(5),
      sides: [ourFirst(home), unpack],
    };
    // Keeps the content mounted, as a controller would with instances running.
    await runcRuntime(home.ctx).start(await instanceSpec(home.ctx, home.image, { command }));
    // The bundle stays; its container goes.
    await unpack.clear();
    const others = ["runc", "crun"].filter(isInstalled).map((program) => plainNext(program, bundle));
    yield {
      title: "one more instance of an image",
      note: "to reach: 0.25 × docker, measured once as 173 ms",
      runs: work.runs(15),
      sides: [ourNext(home), ...others],
    };
    for (const side of others) await side.clear();
  } finally {
    await removeTestHome(home);
  }
};

function ourFirst(home: TestHome): Side {
  return {
    name: "ingot: content, network, runc, verification",
    prepare: async () => {
      await stopAll(home);
      await releaseUnusedContent(home.ctx);
      rmSync(runtimePaths(home.home).contents, { recursive: true, force: true });
    },
    run: () => start(home),
  };
}

function ourNext(home: TestHome): Side {
  return { name: "ingot: network, runc, verification", run: () => start(home) };
}

async function start({ ctx, image }: TestHome): Promise<void> {
  await runcRuntime(ctx).start(await instanceSpec(ctx, image, { command }));
}

async function stopAll({ ctx }: TestHome): Promise<void> {
  const runtime = runcRuntime(ctx);
  for (const { id } of await runtime.list()) await runtime.stop(id, { grace: 0 });
}

/** `clear` removes what the last run left. */
type PlainSide = Side & { readonly clear: () => Promise<void> };

function unpackFirst(home: TestHome, bundle: string): PlainSide {
  const runc = plainNext("runc", bundle);
  return {
    name: "umoci unpack, then plain runc",
    clear: runc.clear,
    prepare: async () => {
      await runc.clear();
      rmSync(bundle, { recursive: true, force: true });
    },
    run: async () => {
      await runCommand("umoci", ["unpack", "--image", `${join(home.home, "store")}:web`, bundle]);
      simplify(join(bundle, "config.json"));
      return runc.run();
    },
  };
}

/** The default profile of the tool, no terminal. */
function simplify(path: string): void {
  const config = JSON.parse(readFileSync(path, "utf8")) as { process: object };
  writeFileSync(
    path,
    JSON.stringify({ ...config, process: { ...config.process, terminal: false, args: command, rlimits: [] } }),
  );
}

let number = 0;

function plainNext(program: string, bundle: string): PlainSide {
  const root = join(bundle, "..", `.${program}`);
  const id = `bench-${process.pid}-${(number += 1)}`;
  const clear = async (): Promise<void> => {
    await runCommand(program, ["--root", root, "delete", "--force", id], { allowFailure: true });
  };
  return {
    name: `${program} run, no network, nothing verified`,
    clear,
    prepare: clear,
    run: async () => {
      const child = spawn(program, ["--root", root, "run", "--detach", "--bundle", bundle, id], { stdio: "ignore" });
      const [code] = (await once(child, "exit")) as [number | null];
      return code === 0 ? undefined : "does not run on this host";
    },
  };
}
