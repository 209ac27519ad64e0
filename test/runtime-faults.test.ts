/** Instances on a host where something breaks: what is said, what state things are in, and that nothing is left. */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { unmount } from "../src/ground/libc.ts";
import { instanceSpec } from "../src/runtime/image-instance.ts";
import { readRecord, writeRecord } from "../src/runtime/instance-record.ts";
import { readMounts } from "../src/runtime/mount-table.ts";
import { runtimePaths } from "../src/runtime/paths.ts";
import { identifyProcess } from "../src/runtime/process-identity.ts";
import type { OciSpec } from "../src/runtime/profile/oci-spec.ts";
import { runcRuntime } from "../src/runtime/runc/runc-driver.ts";
import type { InstanceId, InstanceSpec } from "../src/runtime/runtime.ts";
import { countLeftovers } from "./support/instance-leftovers.ts";
import { runIngot } from "./support/run-ingot.ts";
import { makeTestHome, whyNoInstances, type TestHome } from "./support/runtime-image.ts";
import { fillDisk, mountDisk } from "./support/small-disk.ts";
import { removeTestHome } from "./support/stop-instances.ts";

const skip = whyNoInstances();
let home: TestHome;
/** What is on the host while this home has no instance. */
let nothing: unknown;
before(async () => {
  if (skip !== undefined) return;
  home = await makeTestHome();
  nothing = countLeftovers(home.home);
  await runcRuntime(home.ctx).prepare(home.image.digest);
});
after(async () => {
  if (skip === undefined) await removeTestHome(home);
});

const sleeping = async (changes: Partial<InstanceSpec> = {}): Promise<InstanceSpec> => ({
  ...(await instanceSpec(home.ctx, home.image, { command: ["sleep", "600"] })),
  ...changes,
});
const ingot = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  runIngot(args, { env: { INGOT_HOME: home.home, ...env }, cwd: home.home });

test("runc that is missing, or killed in the middle, is told, and nothing is left", { skip }, async () => {
  const folder = join(home.home, "programs");
  mkdirSync(folder);
  const real = (process.env.PATH ?? "").split(":").find((path) => existsSync(join(path, "runc"))) ?? "";
  const path = `${folder}:${process.env.PATH}`;
  // The real one, killed as soon as it has begun to make the container; the others go through.
  const script = `#!/bin/sh
    case " $* " in
      *" create "*) ${real}/runc "$@" & sleep 0.01; kill -9 $!; exit 137;;
    esac
    exec ${real}/runc "$@"\n`;
  writeFileSync(join(folder, "runc"), script, { mode: 0o755 });
  const killed = await ingot(["run", "web", "--name", "cut", "--", "sleep", "600"], { PATH: path });
  assert.match(killed.stderr, /runc create failed for cut: exit code 137[\s\S]*code: instance-start-failed/);
  await leavesNothing(nothing);
  rmSync(folder, { recursive: true });
  const spec = await sleeping();
  const ctx = { ...home.ctx, env: { ...home.ctx.env, PATH: "/nonexistent" } };
  await assert.rejects(runcRuntime(ctx).start(spec), { code: "command-missing", hint: "apt-get install runc" });
  await leavesNothing(nothing);
});

test("addresses that are used up are counted in the error, and nothing is left", { skip }, async () => {
  // In a network namespace and with addresses of its own: other tests start instances at the same time.
  const script = `mount -t tmpfs tmpfs /run/ingot/cni && ip link set lo up && exec "$0" run web --name many --count 6 -- sleep 600`;
  const args = ["--net", "--mount", "sh", "-c", script, join(import.meta.dirname, "../bin/ingot")];
  const child = spawn("unshare", args, {
    env: { ...process.env, INGOT_HOME: home.home, INGOT_SUBNET: "192.168.214.0/29" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  await new Promise((resolve) => child.once("close", resolve));
  assert.match(
    said,
    /all 5 addresses of 192\.168\.214\.0\/29 are in use[\s\S]*hint: .*ingot stop[\s\S]*code: network-no-address\n/,
  );
  await leavesNothing(nothing);
});

test("a full disk is told when an instance starts, which leaves nothing and harms no other", { skip }, async (t) => {
  const disk = mountDisk(t, "900m");
  if (disk === undefined) return;
  const other = await makeTestHome(disk);
  t.after(() => removeTestHome(other));
  const runtime = runcRuntime(other.ctx);
  const make = async (command: readonly string[]) => instanceSpec(other.ctx, other.image, { command });
  // A log that nobody can write any more must not hold up, or end, the one that prints.
  const printing = await make(["sh", "-c", "while :; do echo something to keep; sleep 0.001; done"]);
  const { pid } = await runtime.start(printing);
  const earlier = countLeftovers(other.home);
  const filler = fillDisk(disk);
  await assert.rejects(runtime.start(await make(["sleep", "600"])), { code: "disk-full" });
  await sleep(200);
  rmSync(filler);
  await leavesNothing(earlier, other);
  assert.equal((await runtime.list()).find(({ id }) => id === printing.id)?.pid, pid);
  const log = runtimePaths(other.home).log(printing.id);
  const { length } = readFileSync(log);
  await until(() => readFileSync(log).length > length);
});

test(
  "after a restart of the host nothing is said to run, and what is left on its disk can be removed",
  { skip },
  async () => {
    const runtime = runcRuntime(home.ctx);
    const paths = runtimePaths(home.home);
    const first = await sleeping({ id: "first" as InstanceId });
    const second = await sleeping({ id: "second" as InstanceId });
    for (const spec of [first, second])
      await runtime.start(spec, { secrets: [{ path: "/run/key", content: Buffer.from("x") }] });
    const pids = (await runtime.list()).map(({ pid }) => pid ?? 0);
    await loseAllButTheDisk();
    const listed = await runtime.list();
    assert.deepEqual(
      listed.map(({ id, status, pid }) => [id, status, pid]),
      [first, second].map(({ id }) => [id, "exited", undefined]),
    );
    // Numbers are given out anew: none of theirs is taken for an instance, also when a process has it.
    const record = readRecord(paths, first.id);
    assert.ok(record?.running !== undefined);
    const running = { ...record.running, process: { ...record.running.process, pid: process.pid } };
    writeRecord(paths, { ...record, running });
    assert.equal((await runtime.list()).find(({ id }) => id === first.id)?.status, "exited");
    for (const { id } of [first, second]) await runtime.stop(id);
    assert.deepEqual(await runtime.list(), []);
    assert.deepEqual(readdirSync(paths.instances), []);
    assert.ok(pids.every((pid) => identifyProcess(pid) === undefined));
    // And it can go on.
    const third = await sleeping();
    assert.equal((await runtime.start(third)).status, "running");
    await runtime.stop(third.id, { grace: 0 });
  },
);

/** What a restart takes of this home: processes, cgroups, mounts, networks with their addresses, and all below /run. */
async function loseAllButTheDisk(): Promise<void> {
  const paths = runtimePaths(home.home);
  for (const { id, pid } of await runcRuntime(home.ctx).list()) {
    if (pid !== undefined) process.kill(pid, "SIGKILL");
    await until(() => pid === undefined || identifyProcess(pid) === undefined);
    execFileSync("runc", ["--root", paths.runc, "delete", "--force", id]);
    execFileSync("ip", ["netns", "delete", `ingot-${paths.hostName(id)}`]);
    for (const name of readdirSync("/run/ingot/cni/ingot")) {
      const path = join("/run/ingot/cni/ingot", name);
      if (readFileSync(path, "utf8").startsWith(paths.hostName(id))) rmSync(path);
    }
  }
  const mounts = readMounts().filter(({ target }) => target.startsWith(`${paths.run}/`));
  for (const { target } of mounts.toReversed()) unmount(target, { detach: true });
  rmSync(paths.run, { recursive: true });
}

test("secrets are nowhere on the host, whatever becomes of Ingot, and go with their instance", { skip }, async () => {
  const paths = runtimePaths(home.home);
  const spec = await sleeping();
  const secret = `secret-${spec.id}-${process.pid}`;
  const secrets = [{ path: "/run/secrets/key", content: Buffer.from(secret) }];
  const runtime = runcRuntime(home.ctx);
  const { pid } = await runtime.start(spec, { secrets });
  assert.equal(readFileSync(`/proc/${pid}/root/run/secrets/key`, "utf8"), secret);
  assert.equal(existsSync(join(paths.bundle(spec.id), "secrets")), false);
  assert.deepEqual(
    readMounts().filter(({ type, target }) => type === "ramfs" && target.startsWith(paths.run)),
    [],
  );
  const folders = [paths.instance(spec.id), paths.bundle(spec.id), join(paths.runc, spec.id)];
  for (const file of folders.flatMap(filesOf)) assert.ok(!readFileSync(file).includes(secret), file);
  await runtime.stop(spec.id, { grace: 0 });
  // Killed between the writing and the mounts: the next list takes them away.
  const cut = await sleeping();
  const killed = runcRuntime(home.ctx, {
    alterProfile: () => {
      assert.equal(readMounts().filter(({ target }) => target === join(paths.bundle(cut.id), "secrets")).length, 1);
      throw new Error("stopped here");
    },
  });
  await assert.rejects(killed.start(cut, { secrets }), /stopped here/);
  assert.equal(existsSync(paths.bundle(cut.id)), false);
});

function filesOf(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => join(folder, name));
}

const altered: readonly { lacks: string; alter: (profile: OciSpec) => OciSpec; setting: string }[] = [
  {
    lacks: "a read-only file of the configuration",
    alter: mountsOf("/srv/www/index.html", (mount) => ({
      ...mount,
      options: mount.options.filter((option) => option !== "ro"),
    })),
    setting: "mount /srv/www/index.html",
  },
  {
    lacks: "a secret of its own",
    alter: mountsOf("/run/key", (mount) => ({ ...mount, source: "/etc/hostname" })),
    setting: "mount /run/key",
  },
  {
    lacks: "its secret",
    alter: (profile) => ({
      ...profile,
      mounts: profile.mounts.filter(({ destination }) => destination !== "/run/key"),
    }),
    setting: "mount /run/key",
  },
  {
    lacks: "a secret for its user alone",
    alter: mountsOf("/run/key", (mount) => {
      chmodSync(mount.source, 0o444);
      return mount;
    }),
    setting: "mount /run/key",
  },
  {
    lacks: "a secret of its user",
    alter: mountsOf("/run/key", (mount) => {
      chownSync(mount.source, 0, 0);
      return mount;
    }),
    setting: "mount /run/key",
  },
  {
    lacks: "a file that nobody may write",
    alter: mountsOf("/srv/www/index.html", (mount) => {
      chmodSync(mount.source, 0o646);
      return mount;
    }),
    setting: "mount /srv/www/index.html",
  },
];

test("a start is refused when one of its files or secrets is not mounted as it must be", { skip }, async () => {
  for (const { lacks, alter, setting } of altered) {
    const spec = await sleeping({ files: [{ path: "/srv/www/index.html", content: "of the release" }] });
    const secrets = [{ path: "/run/key", content: Buffer.from("the secret itself") }];
    await assert.rejects(runcRuntime(home.ctx, { alterProfile: alter }).start(spec, { secrets }), (error: Error) => {
      assert.ok("code" in error && error.code === "instance-not-hardened", `${lacks}: ${error.message}`);
      assert.ok("details" in error && String(error.details).includes(setting), lacks);
      assert.ok(!JSON.stringify(error).includes("the secret itself"));
      return true;
    });
  }
  await leavesNothing(nothing);
});

function mountsOf(path: string, change: (mount: OciSpec["mounts"][number]) => OciSpec["mounts"][number]) {
  return (profile: OciSpec): OciSpec => ({
    ...profile,
    mounts: profile.mounts.map((mount) => (mount.destination === path ? change(mount) : mount)),
  });
}

test(
  "a program does not enter an instance when its profile lacks a setting, and the instance goes on",
  { skip },
  async () => {
    const spec = await sleeping();
    const runtime = runcRuntime(home.ctx);
    const { pid } = await runtime.start(spec);
    const lacking: readonly [string, Partial<OciSpec["process"]>][] = [
      ["no new privileges", { noNewPrivileges: false }],
      [
        "capabilities",
        { capabilities: { bounding: ["CAP_CHOWN"], effective: [], inheritable: [], permitted: [], ambient: [] } },
      ],
      ["user", { user: { uid: 0, gid: 0, umask: 18 } }],
    ];
    for (const [setting, changes] of lacking) {
      const alterProfile = (profile: OciSpec): OciSpec => ({ ...profile, process: { ...profile.process, ...changes } });
      const end = runcRuntime(home.ctx, { alterProfile }).execute(spec.id, ["touch", "/tmp/entered"], {
        timeout: 5000,
        maxOutput: 10,
      });
      await assert.rejects(end, (error: Error) => {
        assert.ok("code" in error && error.code === "instance-not-hardened", error.message);
        assert.ok("details" in error && String(error.details).includes(`${setting} as given`), setting);
        return true;
      });
    }
    assert.equal(existsSync(`/proc/${pid}/root/tmp/entered`), false);
    await runtime.freeze(spec.id);
    const frozen = runtime.execute(spec.id, ["true"], { timeout: 5000, maxOutput: 10 });
    await assert.rejects(frozen, { code: "instance-not-running", hint: `ingot stop ${spec.id}` });
    await runtime.thaw(spec.id);
    assert.equal((await runtime.list()).find(({ id }) => id === spec.id)?.status, "running");
    await runtime.stop(spec.id, { grace: 0 });
  },
);

test(
  "starting, stopping and killing again and again leaves no mount, network, cgroup, address or process",
  { skip },
  async () => {
    const runtime = runcRuntime(home.ctx);
    // A hundred, where somebody wants to wait for them.
    const rounds = Number(process.env.INGOT_TEST_ROUNDS ?? 6);
    for (let round = 0; round < rounds; round += 1) {
      const spec = await sleeping();
      const secrets = [{ path: "/run/key", content: Buffer.from("x") }];
      const { pid = 0 } = await runtime.start(spec, { secrets });
      if (round % 3 === 1) process.kill(pid, "SIGKILL");
      if (round % 3 === 2) await runtime.freeze(spec.id);
      await runtime.stop(spec.id, { grace: 0 });
    }
    await leavesNothing(nothing);
  },
);

/** Who writes a log ends a moment after the instance. */
async function leavesNothing(earlier: unknown, of = home): Promise<void> {
  for (let attempt = 0; attempt < 200 && !isDeepStrictEqual(countLeftovers(of.home), earlier); attempt += 1)
    await sleep(10);
  assert.deepEqual(countLeftovers(of.home), earlier);
}

async function until(isTrue: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline; await sleep(10)) if (isTrue()) return;
  throw new Error("it did not come true in time");
}
