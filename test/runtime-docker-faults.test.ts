import { spawn } from "node:child_process";
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { ContainerCreateOptions } from "dockerode";
import { unmount } from "../src/ground/libc.ts";
import { dockerRuntime } from "../src/runtime/docker/docker-driver.ts";
import type { DockerOptions } from "../src/runtime/docker/engine.ts";
import { instanceSpec } from "../src/runtime/image-instance.ts";
import { runtimeKind } from "../src/runtime/open-runtime.ts";
import { readMounts } from "../src/runtime/mount-table.ts";
import { runtimePaths } from "../src/runtime/paths.ts";
import { identifyProcess } from "../src/runtime/process-identity.ts";
import type { InstanceSpec, Runtime } from "../src/runtime/runtime.ts";
import { startDockerd, type Dockerd } from "./support/dockerd.ts";
import { isInstalled, makeTestHome, whyNoInstances, type TestHome } from "./support/runtime-image.ts";
import { removeTestHome } from "./support/stop-instances.ts";

const skip = whyNoInstances() ?? (isInstalled("dockerd") ? false : "needs dockerd: not installed");
let folder: string;
let socket: string;
let home: TestHome;
let dockerd: Dockerd;

before(async () => {
  if (skip !== false) return;
  folder = mkdtempSync("/dev/shm/ingot-dockerd-");
  socket = join(folder, "docker.sock");
  home = await makeTestHome("/dev/shm");
  dockerd = await startDockerd(folder);
  // It keeps the image's content mounted.
  await runtime().start(await specOf(["sleep", "600"]));
});

after(async () => {
  if (skip !== false) return;
  for (const { id } of await runtime().list()) await runtime().stop(id, { grace: 0 });
  await dockerd.stop();
  await removeTestHome(home);
  // Of the engine that was killed.
  for (const { target } of readMounts().toReversed())
    if (target.startsWith(`${folder}/`)) unmount(target, { detach: true });
  rmSync(folder, { recursive: true, force: true });
});

const runtime = (options: DockerOptions = {}): Runtime => dockerRuntime(home.ctx, { socket, ...options });
const containers = async (): Promise<number> => (await dockerd.docker("ps", "-aq")).split("\n").filter(Boolean).length;
const specOf = (command: readonly string[]): Promise<InstanceSpec> => instanceSpec(home.ctx, home.image, { command });

type Host = NonNullable<ContainerCreateOptions["HostConfig"]>;

/** All at once, since each is found by itself: what is taken away, and the line that must tell of it. */
const without: readonly { readonly change: Host; readonly found: readonly RegExp[] }[] = [
  {
    change: {
      ReadonlyRootfs: false,
      CapDrop: [],
      CapAdd: ["NET_RAW"],
      SecurityOpt: ["seccomp=unconfined"],
      MaskedPaths: [],
      ReadonlyPaths: [],
      Memory: 0,
      MemorySwap: 0,
      PidsLimit: 0,
      CpuQuota: 0,
      Ulimits: [],
      IpcMode: "host",
      Tmpfs: { "/tmp": "rw,exec" },
      Binds: ["/:/host"],
    },
    found: [
      /^mount \/: expected overlay ro, got overlay rw/,
      /^capabilities CapBnd/,
      /^no new privileges/,
      /^seccomp: expected filter, got none/,
      /^mount \/proc\/kallsyms: expected device 1:3, got none/,
      /^mount \/sys: expected/,
      /^folder \/sys: expected/,
      /^mount \/dev: expected/,
      /^mount \/proc: expected/,
      /^memory limit/,
      /^process limit/,
      /^cpu limit/,
      /^core dump size/,
      /^ipc namespace: expected its own, got the host's/,
      /^mount \/tmp: expected tmpfs rw nosuid nodev noexec/,
      /^mount \/run: expected tmpfs/,
      /^mount \/host: expected none/,
    ],
  },
  {
    change: { Devices: [{ PathOnHost: "/dev/kmsg", PathInContainer: "/dev/kmsg", CgroupPermissions: "r" }] },
    found: [/^devices in \/dev: .*kmsg/, /^devices: /],
  },
];

test("an instance that lacks a setting is destroyed, and each that it lacks is named", { skip }, async () => {
  for (const { change, found } of without) {
    const alterPlan = (plan: ContainerCreateOptions) => ({ ...plan, HostConfig: { ...plan.HostConfig, ...change } });
    const starting = runtime({ alterPlan }).start(await specOf(["sleep", "60"]));
    await assert.rejects(starting, (error: Error & { code: string; details: readonly string[] }) => {
      assert.equal(error.code, "instance-not-hardened", error.message);
      for (const line of found)
        assert.ok(
          error.details.some((detail) => line.test(detail)),
          `${line.source}: ${error.details.join("\n")}`,
        );
      return true;
    });
    assert.equal(await containers(), 1);
  }
});

test("what a start that was cut off has left is found by its label and removed", { skip }, async () => {
  const spec = await specOf(["sleep", "60"]);
  await runtime().start(spec);
  rmSync(join(home.home, "docker-instances", spec.id, "state.json"));
  assert.equal((await runtime().list()).length, 1);
  assert.equal(await containers(), 1);
  const key = runtimePaths(home.home).run.slice(-12);
  assert.equal(readdirSync("/run/netns").filter((name) => name.includes(key)).length, 1);
});

test("an instance whose owner is gone is removed by the next list", { skip }, async () => {
  const owner = spawn("sleep", ["600"]);
  const gone = once(owner, "exit");
  const identity = identifyProcess(owner.pid ?? 0);
  assert.ok(identity !== undefined);
  await runtime().start(await specOf(["sleep", "60"]), { owner: identity });
  assert.equal((await runtime().list()).length, 2);
  owner.kill("SIGKILL");
  await gone;
  assert.equal((await runtime().list()).length, 1);
  assert.equal(await containers(), 1);
});

test("an engine that is missing or silent is an error with its socket and the next step", { skip }, async () => {
  const missing = join(folder, "nobody.sock");
  const clear = (path: string) => (error: Error & { code: string; hint: string }) => {
    assert.equal(error.code, "runtime-unreachable");
    assert.ok(error.message.includes(path) && error.hint.includes("start"));
    return true;
  };
  await assert.rejects(runtime({ socket: missing }).list(), clear(missing));
  const silent = join(folder, "silent.sock");
  const server = createServer((connection) => connection.on("error", () => {})).listen(silent);
  await once(server, "listening");
  await assert.rejects(runtime({ socket: silent, timeout: 200 }).list(), clear(silent));
  server.close();
});

test(
  "a killed engine is told as such; when it is back, its instances are known as ended, and can be removed",
  { skip },
  async () => {
    const driver = runtime();
    const spec = await specOf(["sleep", "600"]);
    await driver.start(spec);
    process.kill(dockerd.pid, "SIGKILL");
    while (identifyProcess(dockerd.pid) !== undefined) await sleep(20);
    const asks = [() => driver.list(), () => driver.stop(spec.id), () => driver.place(spec.id)];
    for (const ask of asks) await assert.rejects(ask, { code: "runtime-unreachable" });
    // Names processes that are gone, and that nobody waits for where there is no init system.
    for (const file of ["dockerd.pid", "exec-root/containerd/containerd.pid"])
      rmSync(join(folder, file), { force: true });
    dockerd = await startDockerd(folder);
    assert.equal((await driver.list()).find(({ id }) => id === spec.id)?.status, "exited");
    await driver.stop(spec.id);
    assert.equal((await driver.list()).length, 1);
  },
);

test("a word that is no engine is refused with the nearest one", () => {
  assert.equal(runtimeKind("", "--runtime"), "runc");
  assert.throws(() => runtimeKind("dokcer", "--runtime"), { code: "usage", hint: "did you mean docker?" });
});
