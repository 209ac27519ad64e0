import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, openSync, writeSync, closeSync, mkdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { useContent, verifyContent } from "../src/runtime/content/content.ts";
import { instanceSpec } from "../src/runtime/image-instance.ts";
import { readRecord } from "../src/runtime/instance-record.ts";
import { readMounts } from "../src/runtime/mount-table.ts";
import { checkNetwork } from "../src/runtime/network/network.ts";
import { runtimePaths } from "../src/runtime/paths.ts";
import { runcRuntime } from "../src/runtime/runc/runc-driver.ts";
import type { InstanceId, InstanceState } from "../src/runtime/runtime.ts";
import { parseJson, runIngot } from "./support/run-ingot.ts";
import { makeTestHome, whyNoInstances, type TestHome } from "./support/runtime-image.ts";
import { removeTestHome } from "./support/stop-instances.ts";

type Listed = { readonly instances: readonly InstanceState[] };

const skip = whyNoInstances();
let home: TestHome;
const ingot = (...args: string[]) => runIngot(args, { env: { INGOT_HOME: home.home }, cwd: home.home });

before(async () => {
  if (skip !== undefined) return;
  home = await makeTestHome();
});
after(async () => {
  if (skip === undefined) await removeTestHome(home);
});

test("two instances of an image serve its page to the host, from one mount of its content", { skip }, async () => {
  const result = await ingot("run", "web", "--count", "2", "--json");
  assert.equal(result.code, 0, result.stderr);
  const { instances } = parseJson<Listed>(result);
  assert.equal(new Set(instances.map(({ address }) => address)).size, 2);
  for (const { address, port } of instances)
    assert.equal(await get(`http://${address}:${port}/`), "Welcome from the image\n");
  const listed = parseJson<Listed>(await ingot("instances", "--json"));
  assert.deepEqual(
    listed.instances.map(({ status }) => status),
    ["running", "running"],
  );
  assert.equal(mountsOf(home, "content").length, 1);
  const roots = mountsOf(home, "instances");
  assert.equal(roots.length, 2);
  assert.deepEqual(
    new Set(roots.map(({ device }) => device)),
    new Set(mountsOf(home, "content").map(({ device }) => device)),
  );
});

test("their output is in their log", { skip }, async () => {
  const [first] = await runcRuntime(home.ctx).list();
  const log = runtimePaths(home.home).log(first?.id as InstanceId);
  await until(() => readFileSync(log, "utf8").includes("GET / HTTP/1.1"));
});

test("each has ids of its own on the host", { skip }, async () => {
  const instances = await runcRuntime(home.ctx).list();
  const maps = instances.map(({ pid }) => readFileSync(`/proc/${pid}/uid_map`, "utf8"));
  assert.equal(new Set(maps).size, 2);
});

test("their network is still what the plugins made", { skip }, async () => {
  for (const { id } of await runcRuntime(home.ctx).list()) {
    const record = readRecord(runtimePaths(home.home), id);
    assert.ok(record?.running !== undefined);
    await checkNetwork(home.ctx, id, record.running.network);
  }
});

test("stopping them leaves no mount, network, cgroup, process or file", { skip }, async () => {
  const { instances } = parseJson<Listed>(await ingot("instances", "--json"));
  const stopped = await ingot("stop", "--all", "--timeout", "5s", "--json");
  assert.equal(stopped.code, 0, stopped.stderr);
  assertNothingLeft(home, instances);
  assert.deepEqual(mountsOf(home, "content"), []);
});

test("an instance whose process ends is shown as exited, and can be removed", { skip }, async () => {
  const spec = await instanceSpec(home.ctx, home.image, { command: ["sleep", "600"] });
  const runtime = runcRuntime(home.ctx);
  const { pid = 0 } = await runtime.start(spec);
  process.kill(pid, "SIGKILL");
  await until(() => !existsSync(`/proc/${pid}`));
  const state = (await runtime.list()).find(({ id }) => id === spec.id);
  assert.equal(state?.status, "exited");
  await runtime.stop(spec.id);
  assert.deepEqual(await runtime.list(), []);
});

test("a command that is not in the image is an error, and nothing of the instance is left", { skip }, async () => {
  const result = await ingot("run", "web", "--name", "lost", "--", "/no/such/program");
  assert.equal(result.code, 1);
  assert.match(result.stderr, /no such file or directory/);
  assertNothingLeft(home, [{ id: "lost" as InstanceId }]);
});

test("what a killed start left is removed by the next list", { skip }, async () => {
  const child = spawn(
    join(import.meta.dirname, "../bin/ingot"),
    ["run", "web", "--name", "cut-off", "--", "sleep", "600"],
    {
      env: { ...process.env, INGOT_HOME: home.home },
      stdio: "ignore",
    },
  );
  await until(() => existsSync(runtimePaths(home.home).networkNamespace("cut-off" as InstanceId)));
  child.kill("SIGKILL");
  // Programs that were under way end by themselves.
  await sleep(500);
  const result = await ingot("instances", "--json");
  assert.equal(result.code, 0, result.stderr);
  const { instances } = parseJson<Listed>(result);
  if (instances.length > 0) await ingot("stop", "cut-off", "--timeout", "0");
  assertNothingLeft(home, [{ id: "cut-off" as InstanceId }]);
});

test("a start that the person stops leaves nothing", { skip }, async () => {
  const ctx = { ...home.ctx, signal: AbortSignal.abort() };
  const spec = await instanceSpec(home.ctx, home.image, { command: ["sleep", "600"] });
  await assert.rejects(runcRuntime(ctx).start(spec), { code: "cancelled" });
  assertNothingLeft(home, [spec]);
});

test("the same id is started once when two try at once", { skip }, async () => {
  const spec = {
    ...(await instanceSpec(home.ctx, home.image, { command: ["sleep", "600"] })),
    id: "only" as InstanceId,
  };
  const runtime = runcRuntime(home.ctx);
  const results = await Promise.allSettled([runtime.start(spec), runtime.start(spec)]);
  assert.deepEqual(results.map(({ status }) => status).toSorted(), ["fulfilled", "rejected"]);
  await runtime.stop(spec.id, { grace: 0 });
});

test("content that was altered on disk is found, and written again before it is used", { skip }, async () => {
  const content = await useContent(home.ctx, home.image);
  await verifyContent(home.ctx, home.image.digest);
  const runtime = runcRuntime(home.ctx);
  const spec = await instanceSpec(home.ctx, home.image, { command: ["sleep", "600"] });
  await runtime.start(spec);
  await runtime.stop(spec.id, { grace: 0 });
  alterByte(runtimePaths(home.home).contentFile(home.image.digest));
  await assert.rejects(verifyContent(home.ctx, home.image.digest), { code: "content-damaged" });
  assert.equal(await useContent(home.ctx, home.image), content);
  await verifyContent(home.ctx, home.image.digest);
});

test("a stale mount folder, as a restart of the host leaves it, is used again", { skip }, async () => {
  const target = runtimePaths(home.home).contentMount(home.image.digest);
  const runtime = runcRuntime(home.ctx);
  const spec = await instanceSpec(home.ctx, home.image, { command: ["sleep", "600"] });
  await runtime.start(spec);
  await runtime.stop(spec.id, { grace: 0 });
  mkdirSync(target, { recursive: true });
  assert.ok(existsSync(join(await useContent(home.ctx, home.image), "etc/nginx/nginx.conf")));
});

test("an unknown image, an unknown instance and a wrong limit are clear errors", { skip }, async () => {
  assert.match((await ingot("run", "wbe")).stderr, /no image "wbe"/);
  assert.match((await ingot("stop", "nobody")).stderr, /no instance nobody/);
  const wrong = await ingot("run", "web", "--memory", "much");
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /expected a size from 16M/);
});

function mountsOf(of: TestHome, kind: "content" | "instances") {
  return readMounts().filter(({ target }) => target.startsWith(join(runtimePaths(of.home).run, kind)));
}

function assertNothingLeft(of: TestHome, instances: readonly Pick<InstanceState, "id" | "pid">[]): void {
  const paths = runtimePaths(of.home);
  for (const { id, pid } of instances) {
    assert.equal(existsSync(paths.instance(id)), false);
    assert.equal(existsSync(paths.bundle(id)), false);
    assert.equal(existsSync(paths.networkNamespace(id)), false);
    assert.equal(existsSync(`/sys/fs/cgroup/pids${paths.cgroup(id)}`), false);
    if (pid !== undefined) assert.equal(existsSync(`/proc/${pid}/root/etc/nginx`), false);
    const leases = existsSync("/run/ingot/cni/ingot") ? readdirSync("/run/ingot/cni/ingot") : [];
    const owners = leases
      .filter((name) => /^\d/.test(name))
      .map((name) => readFileSync(join("/run/ingot/cni/ingot", name), "utf8"));
    assert.ok(!owners.some((owner) => owner.startsWith(id)));
  }
  assert.deepEqual(mountsOf(of, "instances"), []);
}

async function get(url: string): Promise<string> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await (await fetch(url)).text();
    } catch (error) {
      if (attempt >= 50) throw error;
      await sleep(50);
    }
  }
}

async function until(isTrue: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline; await sleep(10)) if (isTrue()) return;
  throw new Error("it did not come true in time");
}

function alterByte(path: string): void {
  const file = openSync(path, "r+");
  writeSync(file, Buffer.from([0xff]), 0, 1, 123_456);
  closeSync(file);
}

test("a stop of which a step fails says so, keeps the rest, and ends when it is called again", { skip }, async () => {
  const spec = {
    ...(await instanceSpec(home.ctx, home.image, { command: ["sleep", "600"] })),
    id: "held" as InstanceId,
  };
  await runcRuntime(home.ctx).start(spec);
  // What somebody put in the place of the root of the instance keeps its folder from being removed.
  const paths = runtimePaths(home.home);
  const rootfs = join(paths.bundle(spec.id), "rootfs");
  execFileSync("umount", ["--lazy", rootfs]);
  mkdirSync(join(rootfs, "in-the-way"));
  await assert.rejects(runcRuntime(home.ctx).stop(spec.id, { grace: 0 }), { code: "instance-stop-failed" });
  assert.ok(existsSync(paths.state(spec.id)));
  rmdirSync(join(rootfs, "in-the-way"));
  await runcRuntime(home.ctx).stop(spec.id, { grace: 0 });
  assertNothingLeft(home, [spec]);
});
