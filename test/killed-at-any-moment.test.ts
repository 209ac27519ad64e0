import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { mount, SystemCallError, unmount } from "../src/ground/libc.ts";
import { openGuard } from "../src/guard/process/open-guard.ts";
import { readMounts } from "../src/runtime/mount-table.ts";
import { runtimePaths } from "../src/runtime/paths.ts";
import { identifyProcess } from "../src/runtime/process-identity.ts";
import { runcRuntime } from "../src/runtime/runc/runc-driver.ts";
import { countLeftovers } from "./support/instance-leftovers.ts";
import { makeTestHome, whyNoInstances, type TestHome } from "./support/runtime-image.ts";
import { removeTestHome } from "./support/stop-instances.ts";

const skip = whyNoInstances();
let home: TestHome;

before(async () => {
  if (skip === undefined) home = await makeTestHome();
});
after(async () => {
  if (skip === undefined) await removeTestHome(home);
});

test(
  "killed at any moment with its helpers, nothing is left that the next start does not remove",
  { skip },
  async () => {
    // A hundred, where somebody wants to wait for them.
    const rounds = Number(process.env.INGOT_TEST_ROUNDS ?? 5);
    const runtime = runcRuntime(home.ctx);
    for (let round = 0; round < rounds; round += 1) {
      await runAndKill(Math.random() * 400);
      for (const { id } of await runtime.list()) await runtime.stop(id, { grace: 0 });
    }
    const guard = await openGuard(home.ctx);
    await guard.close();
    const nothing = { ...seen(join(home.home, "none")), guard: seen(home.home).guard };
    for (const end = Date.now() + 20_000; !isDeepStrictEqual(seen(home.home), nothing) && Date.now() < end;)
      await sleep(20);
    assert.deepEqual(seen(home.home), nothing);
    assert.deepEqual(
      seen(home.home).guard.filter((name) => /^(?:tracefs-|canary-)/.test(name)),
      [],
    );
  },
);

/** A controller's runtime and guard, which start, watch and stop one instance after the other, ended all at once after `milliseconds` of it. */
async function runAndKill(milliseconds: number): Promise<void> {
  const child = spawn(process.execPath, ["--no-warnings", "--input-type=module", "-e", script()], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, INGOT_HOME: home.home },
  });
  const ended = once(child, "exit");
  await once(child.stdout, "data");
  await sleep(milliseconds);
  const pid = child.pid ?? 0;
  const all = [pid, ...childrenOf(pid)];
  for (const one of all) if (identifyProcess(one) !== undefined) process.kill(one, "SIGKILL");
  await ended;
  for (const one of all) while (identifyProcess(one) !== undefined) await sleep(5);
}

function script(): string {
  const names = [
    "runtime/helper/resident-runtime",
    "guard/process/open-guard",
    "runtime/image-instance",
    "ground/context",
  ];
  const [helper, guard, make, context] = [...names].map((name) =>
    JSON.stringify(import.meta.resolve(`../src/${name}.ts`)),
  );
  const source = JSON.stringify(import.meta.resolve("../src/runtime/content/image-source.ts"));
  return `
    const { openRuntimeHelper } = await import(${helper});
    const { openGuard } = await import(${guard});
    const { instanceSpec } = await import(${make});
    const { imageSource } = await import(${source});
    const { processContext } = await import(${context});
    const ctx = processContext();
    const image = imageSource(ctx, ${JSON.stringify(home.image.digest)});
    const [runtime, guard] = await Promise.all([openRuntimeHelper(ctx), openGuard(ctx)]);
    console.log("ready");
    for (;;) {
      const spec = await instanceSpec(ctx, image, { command: ["sleep", "600"] });
      const { id } = await runtime.start(spec, { secrets: [{ path: "/run/key", content: Buffer.from("x") }] });
      const place = await runtime.place(id);
      const of = { environment: "testing", service: "app", release: 1, image: image.digest };
      await guard.watch([{ id, ...of, ...place, mode: "replace", exceptions: [] }]);
      await runtime.stop(id, { grace: 0 });
    }`;
}

function childrenOf(pid: number): readonly number[] {
  return readdirSync(`/proc/${pid}/task`)
    .flatMap((thread) => readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").split(" "))
    .filter(Boolean)
    .map(Number);
}

/** All that is on the host of a home: of its instances, of their content, of the guard. */
function seen(of: string) {
  const { run } = runtimePaths(of);
  const folder = join(run, "guard");
  return {
    instances: countLeftovers(of),
    mounts: readMounts().filter(({ target }) => target.startsWith(`${run}/`)).length,
    buffers: traceInstances().filter((name) => name.startsWith(`ingot-${basename(run)}-`)),
    guard: existsSync(folder) ? readdirSync(folder) : [],
  };
}

/** Empty where there is no tracefs. */
function traceInstances(): readonly string[] {
  const target = mkdtempSync(join(tmpdir(), "ingot-tracefs-"));
  try {
    mount("tracefs", target, { type: "tracefs" });
  } catch (error) {
    if (!(error instanceof SystemCallError)) throw error;
    rmdirSync(target);
    return [];
  }
  try {
    return readdirSync(join(target, "instances"));
  } finally {
    unmount(target, { detach: true });
    rmdirSync(target);
  }
}
