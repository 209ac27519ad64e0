/** A fleet on a host where something breaks: what is told, what goes on meanwhile, that it comes back by itself, and that nothing is left. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer, type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { principal } from "../src/controller/controller.fixture.ts";
import { openController } from "../src/controller/open-controller.ts";
import { openOperations } from "../src/controller/open-operations.ts";
import { readSettings } from "../src/controller/read-settings.ts";
import { listReleases } from "../src/controller/state/releases.ts";
import { rolloutOfRelease } from "../src/controller/state/rollouts.ts";
import { deploy } from "../src/controller/verbs/deploy.ts";
import type { ShownInstance, ShownService } from "../src/controller/verbs/show-services.ts";
import { processContext } from "../src/ground/context.ts";
import { IngotError } from "../src/ground/error.ts";
import { libc, mount, mountFlags, unmount } from "../src/ground/libc.ts";
import type { Digest } from "../src/oci/digest.ts";
import { runtimePaths } from "../src/runtime/paths.ts";
import { identifyProcess, isSameProcess } from "../src/runtime/process-identity.ts";
import { runcRuntime } from "../src/runtime/runc/runc-driver.ts";
import { countFleet, loseAllButTheDisk, proxiesOf } from "./support/fleet-leftovers.ts";
import { FleetWorld } from "./support/fleet-world.ts";
import { countLeftovers } from "./support/instance-leftovers.ts";
import type { IngotResult } from "./support/run-ingot.ts";
import { whyNoInstances, isInstalled } from "./support/runtime-image.ts";
import { fillDisk } from "./support/small-disk.ts";

const reason = whyNoInstances() ?? (isInstalled("haproxy") ? undefined : "needs haproxy: not installed");
const options = reason === undefined ? {} : { skip: reason };

const usual = { replicas: 2, more: "" };

/** Quick enough for a test; never so quick that a busy machine could not follow. */
const service = ({ replicas, more }: typeof usual) => `replicas: ${replicas}
health: {get: /health, interval: 100ms, timeout: 2s, healthy_after: 1, unhealthy_after: 5}
update: {max_parallel: 2, min_healthy_time: 100ms, healthy_deadline: 20s, progress_deadline: 30s, scale_down_delay: 0s}
drain: 1s
grace: 500ms
${more}`;

let world: FleetWorld;
let disk: string;
let programs: string;
/** What is on the host before the controller's first start. */
let nothing: unknown;

before(async () => {
  if (reason !== undefined) return;
  // Interfaces, addresses and ports of its own: the bridge of a host has one network, and other tests use it.
  assert.equal(libc.unshare(0x40000000), 0);
  execFileSync("ip", ["link", "set", "lo", "up"]);
  disk = mkdtempSync(join(tmpdir(), "ingot-faults-"));
  mount("tmpfs", disk, { type: "tmpfs", data: "size=700m" });
  const home = join(disk, "controller");
  mkdirSync(home, { mode: 0o700 });
  nothing = countFleet(home);
  programs = mkdtempSync(join(tmpdir(), "ingot-programs-"));
  const PATH = pathWithout(["haproxy", "runc"], programs);
  install("runc");
  world = await FleetWorld.open({ home, service: service(usual), env: { PATH, INGOT_SUBNET: "192.168.215.0/29" } });
  await world.push({ tag: "1" });
});

after(async () => {
  if (reason !== undefined) return;
  await world?.close();
  while (readFileSync("/proc/self/mounts", "utf8").includes(` ${disk}`)) unmountBelow(disk);
  for (const folder of [disk, programs]) rmSync(folder, { recursive: true, force: true });
});

function unmountBelow(folder: string): void {
  const targets = readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[1] ?? "");
  const last = targets.findLast((target) => target === folder || target.startsWith(`${folder}/`));
  if (last !== undefined) unmount(last, { detach: true });
}

/** Everything that PATH has but some programs, which can be put into `folder`. */
function pathWithout(missing: readonly string[], folder: string): string {
  const folders = (process.env.PATH ?? "").split(":").filter((one) => existsSync(one));
  const [having, others] = [true, false].map((has) =>
    folders.filter((one) => missing.some((program) => existsSync(join(one, program))) === has),
  );
  for (const one of having ?? [])
    for (const name of readdirSync(one))
      if (!missing.includes(name) && !existsSync(join(folder, name))) symlinkSync(join(one, name), join(folder, name));
  return [folder, ...(others ?? [])].join(":");
}

function whereIs(program: string): string {
  const folder = (process.env.PATH ?? "").split(":").find((one) => existsSync(join(one, program)));
  return join(folder ?? "", program);
}

function install(program: string): void {
  rmSync(join(programs, program), { force: true });
  symlinkSync(whereIs(program), join(programs, program));
}

type Look = ShownService & { readonly running: NonNullable<ShownService["running"]> };

async function look(): Promise<Look> {
  const { services } = await world.dora.api.get<{ services: readonly ShownService[] }>("/api/v1/services", {
    service: "app",
  });
  const [shown] = services;
  assert.ok(shown?.running);
  return { ...shown, running: shown.running };
}

async function until<T>(what: string, find: (shown: Look) => T | undefined | false): Promise<T> {
  for (const end = Date.now() + 30_000; ; await sleep(50)) {
    const shown = await look().catch((error: unknown) => {
      // What is not on the disk yet is not told, and a controller that starts has not looked yet.
      if (error instanceof IngotError && error.code === "log-write-failed") return undefined;
      if (error instanceof assert.AssertionError) return undefined;
      throw error;
    });
    const found = shown === undefined ? undefined : find(shown);
    if (found !== undefined && found !== false) return found;
    assert.ok(
      Date.now() < end,
      `${what} did not come to be: ${JSON.stringify(shown, undefined, 1)}\n${world.controller.output().slice(-4000)}`,
    );
  }
}

const serving = ({ running }: Look): readonly ShownInstance[] =>
  running.instances.filter(
    ({ traffic, health, state }) => traffic === "in" && health === "healthy" && state === "running",
  );
const idsOf = (instances: readonly ShownInstance[]): readonly string[] => instances.map(({ id }) => id).toSorted();
const alarmOf = ({ alarms }: Look, name: string) => alarms.find(({ alarm }) => alarm === name)?.message;
const isWell = (shown: Look): boolean =>
  shown.running.isSettled &&
  shown.alarms.length === 0 &&
  shown.running.notes.length === 0 &&
  serving(shown).length === shown.running.replicas;

/** All serve, and nothing is complained of. */
const well = (): Promise<Look> => until("that all is well", (shown) => isWell(shown) && shown);

async function release(changes: Partial<typeof usual> = {}, ...args: readonly string[]): Promise<IngotResult> {
  world.write(service({ ...usual, ...changes }));
  return world.deploy("1", ...args);
}

async function done(work: Promise<IngotResult>): Promise<IngotResult> {
  const result = await work;
  assert.equal(result.code, 0, `${result.stdout}${result.stderr}\n${world.controller.output()}`);
  return result;
}

async function shownStatus(): Promise<string> {
  return (await done(world.ingot(["status"]))).stdout;
}

async function toldByStatus(text: RegExp): Promise<void> {
  for (const end = Date.now() + 30_000; ; await sleep(100)) {
    const { stdout, stderr } = await world.ingot(["status"]);
    if (text.test(stdout)) return;
    assert.ok(Date.now() < end, `${stdout}${stderr}`);
  }
}

test("without HAProxy a deployment says what is missing, and goes on once it is installed", options, async () => {
  await done(release({}, "--detach"));
  const message = await until("the alarm", (shown) => alarmOf(shown, "traffic-failed"));
  assert.match(message, /the program haproxy is not installed/);
  await until(
    "healthy instances",
    ({ running }) => running.instances.filter(({ health }) => health === "healthy").length === 2,
  );
  // Time for what would be wrong.
  await sleep(1500);
  const waiting = await look();
  assert.deepEqual([waiting.rollout?.status, waiting.stable, serving(waiting)], ["running", undefined, []]);
  assert.deepEqual(idsOf(waiting.running.instances).length, 2, "and no more are started");
  assert.match(await shownStatus(), /ALARM traffic-failed .*haproxy is not installed.*apt-get install haproxy/);
  install("haproxy");
  const shown = await well();
  assert.equal(shown.rollout?.status, "successful");
  assert.deepEqual(idsOf(serving(shown)), idsOf(waiting.running.instances));
  assert.match(await world.page(), /^version 1/);
});

test("HAProxy that is killed is started again with the same servers", options, async () => {
  const former = idsOf(serving(await well()));
  const [proxy, ...others] = proxiesOf(world.home);
  assert.ok(proxy !== undefined && others.length === 0);
  process.kill(proxy, "SIGKILL");
  for (const end = Date.now() + 20_000; ; await sleep(20)) {
    const page = await world.page().catch(() => "");
    if (page.startsWith("version 1")) break;
    assert.ok(Date.now() < end, "nothing serves any more");
  }
  assert.deepEqual(idsOf(serving(await well())), former);
});

test("the deadline of a rollout counts from when its image is ready on this host", options, async () => {
  const { rollout, image } = await look();
  const record = runtimePaths(world.home).contentRecord(image as Digest);
  const { events } = await world.json<{ events: readonly { type: string; time: string }[] }>(["history", "app"]);
  const moved = events.findLast(({ type }) => type === "rollout.moved");
  assert.ok(moved !== undefined && rollout !== undefined);
  assert.ok(Date.parse(moved.time) >= statSync(record).mtimeMs, "it was begun before");
  assert.ok(Date.parse(rollout.started) >= statSync(record).mtimeMs);
});

test("an address that another service or program has is refused, and harms nobody", options, async (t) => {
  const former = idsOf(serving(await well()));
  world.write(service(usual));
  // Of another project: within one, the file says so itself.
  const text = readFileSync(join(world.folder, "ingot.yaml"), "utf8").replaceAll(/^( *)app:$/gm, "$1other:");
  const file = join(world.folder, "other.yaml");
  writeFileSync(file, text);
  const taken = await world.ingot(["deploy", "other", "--to", "testing", "--image", "shop/app:1", "--file", file]);
  assert.equal(taken.code, 1, taken.stdout);
  assert.match(
    taken.stderr,
    /service app in testing listens on 127\.0\.0\.1:\d+ already[\s\S]*in:[\s\S]*code: address-taken/,
  );
  const server = await listen(0);
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const held = await release({ more: `in: {testing: {listen: "127.0.0.1:${port}"}}` });
  assert.equal(held.code, 1, held.stdout);
  assert.match(held.stderr, new RegExp(`process ${process.pid}[\\s\\S]*code: address-taken`));
  assert.deepEqual(idsOf(serving(await well())), former);
});

test(
  "an address that another program took while HAProxy was away is an alarm that names it, and is taken again once it is free",
  options,
  async () => {
    const former = idsOf(serving(await well()));
    const server = await takeFromProxy();
    const message = await until("the alarm", (shown) => alarmOf(shown, "traffic-failed"));
    assert.match(
      message,
      new RegExp(`cannot listen on 127\\.0\\.0\\.1:${world.port}: .*process ${process.pid}.* → end that program`),
    );
    server.close();
    assert.deepEqual(idsOf(serving(await well())), former);
    assert.match(await world.page(), /^version 1/);
  },
);

/** Kills HAProxy until somebody else has its address. */
async function takeFromProxy(): Promise<Server> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    for (const pid of proxiesOf(world.home)) process.kill(pid, "SIGKILL");
    for (let wait = 0; wait < 20; wait += 1) {
      const server = await listen(world.port).catch(() => undefined);
      if (server !== undefined) return server;
      await sleep(1);
    }
  }
  throw new Error("the proxy was always sooner");
}

async function listen(port: number): Promise<Server> {
  const server = createServer((socket) => socket.destroy());
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return server;
}

test(
  "instances that cannot be started are an alarm and longer and longer pauses; what runs goes on",
  options,
  async (t) => {
    t.after(() => install("runc"));
    rmSync(join(programs, "runc"));
    const broken = `#!/bin/sh\ncase " $* " in *" create "*) exit 1;; esac\nexec ${whereIs("runc")} "$@"\n`;
    writeFileSync(join(programs, "runc"), broken, { mode: 0o755 });
    const [victim, other] = serving(await well());
    assert.ok(victim !== undefined && other !== undefined);
    const { event: since } = await lastEvent();
    await world.killInstance(victim.id);
    const waiting = await until(
      "the pause",
      (shown) => shown.running.notes.some((note) => /the next one starts in/.test(note)) && shown,
    );
    assert.match(alarmOf(waiting, "start-failed") ?? "", /runc create failed for an instance: exit code 1/);
    assert.match(await world.page(), new RegExp(`^version 1 of ${other.id}`));
    assert.match(await shownStatus(), /ALARM start-failed .*runc create failed/);
    await until("another attempt", ({ running }) => running.notes.some((note) => /starts in [2-9] s/.test(note)));
    const told = (await eventsSince(since)).filter(({ type }) => type === "alarm.raised");
    assert.equal(told.length, 1, "once, not with each attempt");
    install("runc");
    const shown = await well();
    assert.ok(idsOf(serving(shown)).includes(other.id));
  },
);

test(
  "addresses that are used up are an alarm, which ends with fewer instances; each is given back",
  options,
  async () => {
    const former = idsOf(serving(await well()));
    await done(release({ replicas: 6 }, "--detach"));
    const message = await until("the alarm", (shown) => alarmOf(shown, "start-failed"));
    assert.match(
      message,
      /all 5 addresses of 192\.168\.215\.0\/29 are in use by instances of this host → .*INGOT_SUBNET/,
    );
    assert.match(await world.page(), /^version 1/);
    await done(release({}, "--detach"));
    const shown = await well();
    assert.equal(idsOf(serving(shown)).filter((id) => former.includes(id)).length, 2, "those that were there are kept");
    assert.equal(takenAddresses().length, 2);
  },
);

function takenAddresses(): readonly string[] {
  return readdirSync("/run/ingot/cni/ingot").filter((name) => name.startsWith("192.168.215."));
}

test("an instance that does not hear SIGTERM is gone after its grace, with nothing left", options, async () => {
  const former = serving(await well());
  const states = await runcRuntime(processContext({ home: world.home })).list();
  const processes = states.map(({ pid }) => identifyProcess(pid ?? 0));
  await done(world.ingot(["replace", "app", "--in", "testing"]));
  const shown = await until(
    "the replacement",
    (one) => isWell(one) && !one.running.instances.some(({ id }) => idsOf(former).includes(id)) && one,
  );
  assert.ok(processes.every((one) => one !== undefined && !isSameProcess(one)));
  const { files } = countLeftovers(world.home) as { files: readonly (readonly string[])[] };
  assert.deepEqual(files[0], idsOf(serving(shown)));
});

test(
  "an instance that takes more memory than it may have ended out of memory, on the record, and the next one is waited with",
  options,
  async () => {
    const { event: since } = await lastEvent();
    const more = `environment: {APP_BROKEN: hungry, APP_LATE: "1"}\nlimits: {memory: 48M}`;
    await done(release({ more }, "--detach"));
    await until("the pause", ({ running }) =>
      running.notes.some((note) => /ended too soon: the next one starts in/.test(note)),
    );
    const ended = (await eventsSince(since)).filter(({ type }) => type === "instance.ended");
    assert.ok(
      ended.some(({ data }) => data.isOutOfMemory === true),
      JSON.stringify(ended),
    );
    const told = await done(world.ingot(["history", "app", "--type", "instance.ended"]));
    assert.match(told.stdout, /ended app-[0-9a-f]+ of release \d+ of app in testing: .*out of memory\)/);
    await done(release());
    await well();
  },
);

type Told = {
  readonly index: number;
  readonly type: string;
  readonly time: string;
  readonly data: Readonly<Record<string, unknown>>;
};

async function eventsSince(index: number): Promise<readonly Told[]> {
  const { events } = await world.dora.api.get<{ events: readonly Told[] }>("/api/v1/history", { limit: "500" });
  return events.filter((one) => one.index > index);
}

async function lastEvent(): Promise<{ readonly event: number }> {
  return { event: Math.max(...(await eventsSince(-1)).map(({ index }) => index)) };
}

for (const [what, begin] of [
  [
    "full disk",
    () => {
      const filler = fillDisk(disk);
      return () => rmSync(filler);
    },
  ],
  [
    "ledger that is read-only",
    () => {
      const folder = join(world.home, "ledger");
      mount(folder, folder, { flags: mountFlags.bind });
      mount("", folder, { flags: mountFlags.bind | mountFlags.remount | mountFlags.readOnly });
      return () => unmount(folder, { detach: true });
    },
  ],
] as const)
  test(
    `with a ${what} what runs goes on, nothing new is begun and status says why; then all goes on`,
    options,
    async (t) => {
      const [victim, other] = serving(await well());
      assert.ok(victim !== undefined && other !== undefined);
      const end = begin();
      let isOver = false;
      const over = (): void => {
        if (!isOver) end();
        isOver = true;
      };
      t.after(over);
      const refused = await release({ more: `environment: {SOMETHING: "else"}` });
      assert.equal(refused.code, 1, refused.stdout);
      assert.match(
        refused.stderr,
        /(no space is left|read-only)[\s\S]*code: (log-write-failed|disk-full|disk-read-only)/,
      );
      await world.killInstance(victim.id);
      const shown = await until(
        "what stands in the way",
        (one) => one.running.notes.some((note) => /no space|read-only/.test(note)) && one,
      );
      assert.equal(shown.running.isSettled, false);
      await toldByStatus(/no space is left|read-only/);
      assert.match(await world.page(), new RegExp(`^version 1 of ${other.id}`));
      over();
      const healed = await well();
      assert.ok(idsOf(serving(healed)).includes(other.id));
      await done(release());
    },
  );

test(
  "after a restart of the machine everything is started again from the record, and nothing of before is left",
  options,
  async () => {
    const former = idsOf(serving(await well()));
    const { event: since } = await lastEvent();
    await world.controller.kill();
    await loseAllButTheDisk(world.home);
    execFileSync("ip", ["link", "delete", "ingot0"]);
    assert.equal(await world.page().catch(() => "nobody"), "nobody");
    await world.start();
    const shown = await until(
      "the start",
      (one) => isWell(one) && !one.running.instances.some(({ id }) => former.includes(id)) && one,
    );
    assert.match(await world.page(), /^version 1/);
    const ids = idsOf(serving(shown));
    const ended = (await eventsSince(since)).filter(({ type }) => type === "instance.ended");
    assert.deepEqual(ended.map(({ data }) => String(data.instance)).toSorted(), former);
    const left = countFleet(world.home) as {
      instances: { files: readonly (readonly string[])[]; networks: readonly string[] };
      proxies: number;
    };
    assert.deepEqual([left.instances.files[0], left.instances.networks.length, left.proxies], [ids, 2, 1]);
    assert.equal(takenAddresses().length, 2);
  },
);

const day = 86_400_000;

test(
  "a clock that jumps by a day, also in the middle of a rollout, replaces nobody, fails nothing and stretches no deadline",
  options,
  async () => {
    const former = idsOf(serving(await well()));
    await world.controller.stop();
    let jump = 0;
    const env = { ...process.env, INGOT_SUBNET: "192.168.215.0/29" };
    const ctx = processContext({ home: world.home, env, now: () => new Date(Date.now() + jump) });
    const controller = await openController(
      ctx,
      readSettings(ctx, { baseUrl: "http://ingot.example", runtime: "runc" }),
    );
    const operations = await openOperations(controller);
    assert.ok(operations);
    const key = { environment: "testing", service: "app" };
    const view = () => operations.fleet.status(key);
    const settled = async (what: string): Promise<readonly string[]> => {
      for (const end = performance.now() + 30_000; view()?.isSettled !== true; await sleep(20))
        assert.ok(performance.now() < end, `${what}: ${JSON.stringify(view(), undefined, 1)}`);
      return (view()?.instances ?? []).map(({ id }) => id).toSorted();
    };
    const rollOut = async (value: string, clock: () => void, more: object = {}): Promise<void> => {
      const image = listReleases(controller.ledger.state, key, 1)[0]?.image ?? "";
      const last = listReleases(controller.ledger.state, key, 1)[0]?.configuration;
      const configuration = { ...last, environment: { JUMP: value, ...more } };
      const dora = principal("dora", "deployer");
      const { release: made } = await deploy(controller, dora, { ...key, image, configuration, reason: "" });
      for (
        const end = performance.now() + 30_000;
        view()?.instances.every(({ release: of }) => of !== made.number);
        await sleep(5)
      )
        assert.ok(performance.now() < end, "the rollout did not begin");
      clock();
      await settled(value);
      assert.equal(rolloutOfRelease(controller.ledger.state, made)?.status, "successful", value);
    };
    try {
      assert.deepEqual(await settled("adopted"), former);
      for (const to of [day, -day, 0]) {
        const { size } = controller.ledger.log.checkpoint();
        jump = to;
        operations.fleet.wake();
        await sleep(700);
        assert.deepEqual(await settled(`the jump to ${to}`), former, "nobody is replaced");
        const types = [...controller.ledger.events(size)].map(({ type }) => type);
        assert.deepEqual(
          types.filter((type) => type.startsWith("instance.")),
          [],
        );
      }
      await rollOut("forwards", () => (jump = day));
      await rollOut("backwards", () => (jump = -day));
      // The record's time stands still by now: what happens in it happens at different times all the same.
      const slow = { APP_BROKEN: "early", APP_LATE: "2" };
      await rollOut("still", () => {}, slow);
    } finally {
      await operations.close();
      await controller.close();
    }
  },
);

test("when all is over nothing of it is on the host", options, async () => {
  await world.close();
  const count = (): unknown => countFleet(join(disk, "controller"));
  // Who writes a log ends a moment after its instance.
  for (let wait = 0; wait < 500 && !isDeepStrictEqual(count(), nothing); wait += 1) await sleep(10);
  assert.deepEqual(count(), nothing);
});
