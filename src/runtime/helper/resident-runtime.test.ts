import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { makeTestHome, whyNoInstances, type TestHome } from "../../../test/support/runtime-image.ts";
import { countLeftovers } from "../../../test/support/instance-leftovers.ts";
import { removeTestHome } from "../../../test/support/stop-instances.ts";
import { processContext } from "../../ground/context.ts";
import { instanceSpec } from "../image-instance.ts";
import { identifyProcess } from "../process-identity.ts";
import { runcRuntime } from "../runc/runc-driver.ts";
import type { InstanceId, InstanceSpec } from "../runtime.ts";
import { openRuntimeHelper, type RuntimeHelper } from "./resident-runtime.ts";

const skip = whyNoInstances();
let home: TestHome;
let helper: RuntimeHelper;

before(async () => {
  if (skip !== undefined) return;
  home = await makeTestHome();
  helper = await openRuntimeHelper(home.ctx);
});
after(async () => {
  if (skip !== undefined) return;
  await helper.close();
  await removeTestHome(home);
});

const specOf = (command: readonly string[] = ["sleep", "600"]): Promise<InstanceSpec> =>
  instanceSpec(home.ctx, home.image, { command, name: "resident" });

test("what the helper throws keeps its code and its hint", { skip }, async () => {
  await assert.rejects(helper.stop("nobody" as InstanceId), { code: "instance-unknown", hint: "ingot instances" });
});

test(
  "a helper that is killed fails the calls under way, is started again, and its instances go on",
  { skip },
  async () => {
    const kept = await helper.start(await specOf());
    const killed = helper.pid();
    assert.ok(killed !== undefined && kept.pid !== undefined);
    const program = helper.runToEnd(await specOf(), { timeout: 60_000, maxOutput: 10 });
    const lost = assert.rejects(program, { code: "instance-start-failed", message: /SIGKILL/ });
    await until(async () => (await runcRuntime(home.ctx).list()).length > 0);
    process.kill(killed, "SIGKILL");
    await lost;
    const listed = await helper.list();
    assert.notEqual(helper.pid(), killed);
    assert.deepEqual(
      listed.map(({ id, status }) => ({ id, status })),
      [{ id: kept.id, status: "running" }],
    );
    await helper.stop(kept.id, { grace: 0 });
    assert.equal(identifyProcess(kept.pid), undefined);
    assert.deepEqual(await helper.list(), []);
  },
);

test("the helper ends with whoever opened it, also after SIGKILL, and the instance goes on", { skip }, async () => {
  const imports = ["resident-runtime", "../image-instance", "../content/image-source", "../../ground/context"];
  const [open, make, source, context] = imports.map((name) => JSON.stringify(import.meta.resolve(`./${name}.ts`)));
  const script = `
    const { openRuntimeHelper } = await import(${open});
    const { instanceSpec } = await import(${make});
    const { imageSource } = await import(${source});
    const { processContext } = await import(${context});
    const ctx = processContext();
    const helper = await openRuntimeHelper(ctx);
    const spec = await instanceSpec(ctx, imageSource(ctx, ${JSON.stringify(home.image.digest)}), { command: ["sleep", "600"] });
    const { id } = await helper.start(spec);
    console.log(JSON.stringify({ pid: helper.pid(), id }));`;
  const child = spawn(process.execPath, ["--no-warnings", "--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, INGOT_HOME: home.home },
  });
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  const { pid, id } = JSON.parse(line) as { pid: number; id: InstanceId };
  assert.ok(identifyProcess(pid) !== undefined);
  child.kill("SIGKILL");
  await until(() => identifyProcess(pid) === undefined);
  const [found] = (await helper.list()).filter((instance) => instance.id === id);
  assert.equal(found?.status, "running");
  await helper.stop(id, { grace: 0 });
});

test(
  "a helper that is killed in the middle of starts leaves nothing that the next list does not remove",
  { skip },
  async () => {
    // Of a home that never was. What the tests before left may be on its way out.
    const nothing = countLeftovers(join(home.home, "none"));
    const starts = [await specOf(), await specOf()].map((spec) => helper.start(spec));
    const lost = Promise.allSettled(starts);
    const killed = helper.pid();
    // Wherever it is by then: before the network, while runc makes the container, or after.
    await sleep(30);
    if (killed !== undefined) process.kill(killed, "SIGKILL");
    await lost;
    await until(async () => {
      for (const { id } of await helper.list()) await helper.stop(id, { grace: 0 });
      return isDeepStrictEqual(countLeftovers(home.home), nothing);
    });
  },
);

test("who reads a log when the helper is killed is told, also where it asked for nothing then", { skip }, async () => {
  const { id } = await helper.start(await specOf(["sh", "-c", "echo begun; sleep 600"]));
  const reading = helper.logs(id, { follow: true })[Symbol.asyncIterator]();
  assert.equal(Buffer.from((await reading.next()).value ?? []).toString(), "begun\n");
  const killed = helper.pid() ?? 0;
  process.kill(killed, "SIGKILL");
  await until(() => helper.pid() !== killed);
  const next = reading.next().catch((error: unknown) => (error as { readonly code?: string }).code);
  const late = sleep(20_000, "no answer", { ref: false });
  assert.equal(await Promise.race([next, late]), "runtime-helper-ended");
  await helper.stop(id, { grace: 0 });
});

test("no file stays open, and no thread in another network, of instances that came and went", { skip }, async () => {
  const rounds = Number(process.env.INGOT_TEST_ROUNDS ?? 4);
  const run = async (): Promise<void> => helper.stop((await helper.start(await specOf())).id, { grace: 0 });
  await run();
  await helper.list();
  const pid = helper.pid() ?? 0;
  const files = (): number => readdirSync(`/proc/${pid}/fd`).length;
  const former = files();
  for (let round = 0; round < rounds; round += 1) await run();
  // What it keeps open of one that has ended, to be told how, goes with the next look.
  await helper.list();
  await until(() => files() <= former);
  const own = readlinkSync("/proc/self/ns/net");
  const threads = readdirSync(`/proc/${pid}/task`).map((thread) => readlinkSync(`/proc/${pid}/task/${thread}/ns/net`));
  assert.deepEqual([...new Set(threads)], [own]);
});

test("a start is undone when the context is aborted", { skip }, async () => {
  const stop = new AbortController();
  const other = await openRuntimeHelper(processContext({ home: home.home, signal: stop.signal }));
  try {
    const started = other.start(await specOf());
    stop.abort();
    await assert.rejects(started, { code: "cancelled" });
    assert.deepEqual(await helper.list(), []);
  } finally {
    await other.close();
  }
});

test("a closed helper answers no more, and its process is gone", { skip }, async () => {
  const other = await openRuntimeHelper(home.ctx);
  const pid = other.pid();
  await other.close();
  assert.ok(pid !== undefined && !existsSync(`/proc/${pid}`));
  await assert.rejects(other.list(), { code: "runtime-helper-ended" });
});

test("the helper is not told the controller's secrets", { skip }, async () => {
  const ctx = processContext({
    home: home.home,
    env: { ...process.env, INGOT_KEY_PASSPHRASE: "only the controller's" },
  });
  const other = await openRuntimeHelper(ctx);
  try {
    const environment = readFileSync(join("/proc", String(other.pid()), "environ"), "utf8");
    assert.ok(environment.includes("PATH=") && !environment.includes("only the controller's"));
  } finally {
    await other.close();
  }
});

async function until(isTrue: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await isTrue())) {
    assert.ok(Date.now() < deadline, "not within 20 seconds");
    await sleep(10);
  }
}
