import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { openStore } from "../src/oci/layout.ts";
import { tarEntry } from "../src/oci/tar/tar-entry.fixture.ts";
import { putTinyImage } from "../src/oci/tiny-image.fixture.ts";
import { imageSource } from "../src/runtime/content/image-source.ts";
import { identifyProcess, parentOf } from "../src/runtime/process-identity.ts";
import { instanceSpec } from "../src/runtime/image-instance.ts";
import { lookAtInstance } from "../src/runtime/look/look.ts";
import { readMounts } from "../src/runtime/mount-table.ts";
import { runtimePaths } from "../src/runtime/paths.ts";
import type { OciSpec } from "../src/runtime/profile/oci-spec.ts";
import { runcRuntime, type RuncOptions } from "../src/runtime/runc/runc-driver.ts";
import type { InstanceSpec, ProgramEnd } from "../src/runtime/runtime.ts";
import { makeTestHome, whyNoInstances, type TestHome } from "./support/runtime-image.ts";
import { removeTestHome } from "./support/stop-instances.ts";

const skip = whyNoInstances();
let home: TestHome;
before(async () => {
  if (skip !== undefined) return;
  home = await makeTestHome();
  // Kept by an instance, so that not every test mounts the content again.
  const spec = await instanceSpec(home.ctx, home.image, { command: ["/proc/self/exe"], name: "keeper" });
  await runcRuntime(home.ctx).start(spec, { isHeld: true });
});
after(async () => {
  if (skip === undefined) await removeTestHome(home);
});

type Options = RuncOptions & { timeout?: number; find?: string; limits?: Partial<InstanceSpec["limits"]> };

async function run(command: readonly string[], options: Options = {}): Promise<ProgramEnd> {
  const { timeout = 20_000, find, limits = {}, ...runc } = options;
  const spec = await instanceSpec(home.ctx, home.image, { command, limits });
  const request = { timeout, maxOutput: 1024, ...(find === undefined ? {} : { find }) };
  const earlier = leftovers(home);
  try {
    return await runcRuntime(home.ctx, runc).runToEnd(spec, request);
  } finally {
    assert.deepEqual(leftovers(home), earlier);
  }
}

test("a program gives its exit code and what it printed on both streams", { skip }, async () => {
  const end = await run(["sh", "-c", "echo out; echo err >&2; exit 7"]);
  assert.equal(end.status === "exited" && end.exitCode, 7);
  assert.deepEqual(end.output.split("\n").toSorted(), ["", "err", "out"]);
});

test("a program runs with the instance's own profile, as its user", { skip }, async () => {
  const { output } = await run(["grep", "-E", "^(Uid|NoNewPrivs|Seccomp|Cap)", "/proc/self/status"]);
  for (const line of ["NoNewPrivs:\t1", "Seccomp:\t2", "CapEff:\t0000000000000000", "CapBnd:\t0000000000000000"])
    assert.ok(output.includes(line), output);
  assert.match(output, /^Uid:\t33\t33\t33\t33$/m);
  const mounts = await run(["sh", "-c", "touch /srv/x || touch /tmp/y; ls /tmp; grep ' / ' /proc/mounts"]);
  assert.match(mounts.output, /Read-only file system[\s\S]*^y$[\s\S]*erofs ro/m);
});

const dropped: readonly { lacks: string; setting: string; process: Partial<OciSpec["process"]> }[] = [
  { lacks: "no new privileges", setting: "no new privileges", process: { noNewPrivileges: false } },
  { lacks: "its user", setting: "user", process: { user: { uid: 0, gid: 0, umask: 18 } } },
  { lacks: "an empty bounding set", setting: "capabilities", process: { capabilities: withBounding(["CAP_CHOWN"]) } },
];
for (const { lacks, setting, process } of dropped) {
  test(`a program is refused when its profile lacks ${lacks}, however soon it ends`, { skip }, async () => {
    const alterProfile = (profile: OciSpec): OciSpec => ({ ...profile, process: { ...profile.process, ...process } });
    await assert.rejects(run(["true"], { alterProfile }), (error: { code: string; details: readonly string[] }) => {
      assert.equal(error.code, "instance-not-hardened");
      assert.ok(
        error.details.some((line) => line.startsWith(`${setting} as given: `)),
        error.details.join("\n"),
      );
      return true;
    });
  });
}

test("a program is refused when its profile lacks seccomp, or a limit", { skip }, async () => {
  for (const lacking of [
    { seccomp: undefined },
    {
      resources: {
        devices: [{ allow: false, access: "rwm" }],
        memory: { limit: 2 ** 40 },
        pids: { limit: 9999 },
        cpu: { quota: 100_000, period: 100_000 },
      },
    },
  ]) {
    const alterProfile = (profile: OciSpec): OciSpec =>
      ({ ...profile, linux: { ...profile.linux, ...lacking } }) as OciSpec;
    await assert.rejects(run(["true"], { alterProfile }), { code: "instance-not-hardened" });
  }
});

test("a program is told to have been killed by a signal", { skip }, async () => {
  // As root of the instance: PID 1 of a namespace is immune to its own signals, but not to its limits.
  const end = await run(["perl", "-e", "$x = 'a' x 300e6"], { limits: { memory: 64 * 1024 * 1024 } });
  assert.deepEqual(
    [end.status, end.status === "killed" && end.signal, end.limitsMet],
    ["killed", "SIGKILL", ["memory"]],
  );
});

test("a program that is missing, or no program, is told as such", { skip }, async () => {
  for (const [program, reason] of [
    ["no-such", /no program no-such in \/usr/],
    ["/no/such", /the image has no \/no\/such/],
    ["/etc/passwd", /is not a program/],
  ] as const) {
    const end = await run([program]);
    assert.match(end.status === "not-started" ? end.reason : "", reason);
  }
});

test(
  "a program that cannot be executed, or not by its user, is the image's fault, and told as such",
  { skip },
  async () => {
    const folders = ["proc", "dev", "sys", "etc", "tmp", "run", "bin"].map((path) =>
      tarEntry({ path, type: "directory", mode: 0o755 }),
    );
    const programs = [
      tarEntry({ path: "bin/own", mode: 0o700, uid: 5, content: "#!/bin/sh\n" }),
      tarEntry({ path: "bin/script", mode: 0o755, content: "#! /bin/python9 -x\n" }),
      tarEntry({ path: "bin/text", mode: 0o755, content: "exit 0\n" }),
      tarEntry({ path: "bin/empty", mode: 0o755, content: "" }),
    ];
    const { digest } = putTinyImage(openStore(home.ctx), {
      layers: [[...folders, ...programs]],
      run: { User: "1000:1000" },
    });
    const image = imageSource(home.ctx, digest);
    for (const [command, reason] of [
      ["/bin/own", "/bin/own may not be executed by 1000:1000"],
      ["own", /^the image has no program own in /],
      ["/bin/script", "/bin/script is a script for /bin/python9, which the image lacks"],
      ["text", "/bin/text of the image is neither an ELF program nor a script"],
      ["/bin/empty", "is neither an ELF program nor a script"],
    ] as const) {
      const spec = await instanceSpec(home.ctx, image, { command: [command] });
      const end = await runcRuntime(home.ctx).runToEnd(spec, { timeout: 20_000, maxOutput: 1024 });
      assert.match(end.status === "not-started" ? end.reason : end.status, new RegExp(reason));
    }
  },
);

test("a program that hangs ends with its time, with everything that it forked", { skip }, async () => {
  const begun = Date.now();
  const end = await run(["sh", "-c", "echo begun; sleep 1111 & sleep 1111"], { timeout: 500 });
  assert.deepEqual([end.status, end.output], ["timed-out", "begun\n"]);
  assert.ok(Date.now() - begun < 5000);
  assert.deepEqual(processesCalled("sleep\u00001111"), []);
  assert.deepEqual(deadChildren(), []);
});

test("a program that leaves processes behind takes them along at its end", { skip }, async () => {
  const end = await run(["sh", "-c", "(sleep 1112; echo late) & setsid sleep 1112 & echo done"]);
  assert.equal(end.output, "done\n");
  assert.deepEqual(processesCalled("sleep\u00001112"), []);
});

test("a program that forks without end meets the limit of processes, and the host does not", { skip }, async () => {
  const end = await run(["sh", "-c", "b() { b | b & }; b; sleep 1113"], { timeout: 1500, limits: { pids: 32 } });
  assert.deepEqual(end.limitsMet, ["processes"]);
  assert.deepEqual(processesCalled("sleep\u00001113"), []);
});

test(
  "a program may print 1 GB: the end of it is kept, all of it is looked through, in bounded memory",
  { skip },
  async () => {
    const atFirst = process.memoryUsage().rss;
    const text = "echo first words; head -c 1000000000 /dev/zero; echo last words";
    const end = await run(["sh", "-c", text], { find: "first words", timeout: 60_000 });
    assert.equal(end.status === "exited" && end.exitCode, 0);
    assert.equal(end.isFound, true);
    assert.ok(end.output.endsWith("\0last words\n"));
    assert.equal(end.cut + end.output.length, 1_000_000_000 + "first words\nlast words\n".length);
    assert.ok(process.memoryUsage().rss - atFirst < 200e6);
  },
);

test("a program does not see what an earlier one wrote", { skip }, async () => {
  await run(["touch", "/tmp/left"]);
  const end = await run(["ls", "/tmp"]);
  assert.equal(end.output, "");
});

test("programs that run at the same time each give their own exit code", { skip }, async () => {
  const codes = Array.from({ length: 12 }, (_, code) => code);
  const ends = await Promise.all(
    codes.map(async (code) => {
      // One ends while the next is being made.
      await sleep(code * 60);
      const spec = await instanceSpec(home.ctx, home.image, { command: ["sh", "-c", `exit ${code}`] });
      return runcRuntime(home.ctx).runToEnd(spec, { timeout: 20_000, maxOutput: 1 });
    }),
  );
  assert.deepEqual(
    ends.map((end) => end.status === "exited" && end.exitCode),
    codes,
  );
  assert.deepEqual(deadChildren(), []);
});

test("what is started while a program runs to its end leaves nothing in the host's table", { skip }, async () => {
  const stop = new AbortController();
  const long = await instanceSpec(home.ctx, home.image, { command: ["sleep", "1117"] });
  const running = runcRuntime({ ...home.ctx, signal: stop.signal }).runToEnd(long, { timeout: 60_000, maxOutput: 1 });
  const refused = assert.rejects(running, { code: "cancelled" });
  await until(() => processesCalled("sleep\u00001117").length > 0);
  const runtime = runcRuntime(home.ctx);
  const start = async (command: readonly string[], options: RuncOptions = {}) =>
    runcRuntime(home.ctx, options).start(await instanceSpec(home.ctx, home.image, { command }));

  const stopped = await start(["sleep", "1118"]);
  assert.equal(parentOf(stopped.pid ?? 0), process.pid, "this process has adopted it");
  await runtime.stop(stopped.id, { grace: 0 });
  const ended = await start(["sleep", "0.5"]);
  await until(async () => (await runtime.list()).some(({ id, status }) => id === ended.id && status === "exited"));
  await runtime.stop(ended.id);
  const alterProfile = (profile: OciSpec): OciSpec => ({
    ...profile,
    process: { ...profile.process, noNewPrivileges: false },
  });
  await assert.rejects(start(["sleep", "1119"], { alterProfile }), { code: "instance-not-hardened" });
  await until(() => deadChildren().length === 0);
  // One that lives longer than the program for which it was adopted.
  const last = await start(["sleep", "1120"]);
  stop.abort();
  await refused;
  await runtime.stop(last.id, { grace: 0 });
  await until(() => deadChildren().length === 0);
  assert.equal(process.listenerCount("SIGCHLD"), 0);
});

test("a program ends when the person stops the command", { skip }, async () => {
  const stop = new AbortController();
  const spec = await instanceSpec(home.ctx, home.image, { command: ["sleep", "1114"] });
  const running = runcRuntime({ ...home.ctx, signal: stop.signal }).runToEnd(spec, { timeout: 60_000, maxOutput: 1 });
  setTimeout(() => stop.abort(), 1000);
  const earlier = ["keeper"];
  await assert.rejects(running, { code: "cancelled" });
  assert.deepEqual(
    readdirSync(runtimePaths(home.home).instances).map((id) => id.replace(/-\w+$/, "")),
    earlier,
  );
  assert.deepEqual(processesCalled("sleep\u00001114"), []);
});

test("an instance that is held shows its files, and nothing of the image runs in it", { skip }, async () => {
  const runtime = runcRuntime(home.ctx);
  const [keeper] = await runtime.list();
  assert.ok(keeper !== undefined);
  const look = lookAtInstance(home.ctx, keeper.id);
  const conf = look.file("/etc/nginx/nginx.conf", "listen 8080");
  assert.deepEqual([conf?.type, conf?.mode, conf?.uid, conf?.isFound], ["file", 0o644, 0, true]);
  assert.equal(look.file("/run")?.uid, 33);
  assert.equal(look.file("/etc/hosts")?.uid, 65_534);
  assert.match(look.text("/etc/passwd") ?? "", /^www-data:/m);
  assert.deepEqual(look.listening(), []);
  assert.deepEqual(
    look.processes().filter(({ names }) => !names[0]?.startsWith("runc")),
    [],
  );
});

test("a living instance shows its processes with their users, and its ports", { skip }, async () => {
  const runtime = runcRuntime(home.ctx);
  const { id } = await runtime.start(await instanceSpec(home.ctx, home.image));
  const look = lookAtInstance(home.ctx, id);
  for (let turn = 0; turn < 100 && look.listening().length === 0; turn += 1)
    await new Promise((done) => setTimeout(done, 20));
  assert.deepEqual(look.listening(), [{ port: 8080, isLocal: false }]);
  const nginx = look.processes().filter(({ names }) => names.includes("nginx"));
  assert.ok(nginx.length >= 2 && nginx.every(({ uid }) => uid === 33));
  await runtime.stop(id, { grace: 0 });
  assert.equal(look.isRunning(), false);
  assert.deepEqual([look.listening(), look.processes(), look.file("/etc/passwd")], [[], [], undefined]);
});

test("a program that takes the name of runc's own first process is looked at all the same", { skip }, async () => {
  const runtime = runcRuntime(home.ctx);
  const command = ["perl", "-e", "$0 = 'runc:[2:INIT]'; sleep 60"];
  for (let turn = 0; turn < 3; turn += 1) {
    const { id, status } = await runtime.start(await instanceSpec(home.ctx, home.image, { command }));
    assert.equal(status, "running");
    await runtime.stop(id, { grace: 0 });
  }
});

test("an instance whose owner is gone is removed by the next list", { skip }, async () => {
  const runtime = runcRuntime(home.ctx);
  const self = identifyProcess(process.pid);
  assert.ok(self !== undefined);
  const spec = await instanceSpec(home.ctx, home.image, { command: ["sleep", "1115"] });
  await runtime.start(spec, { owner: self });
  assert.ok((await runtime.list()).some(({ id }) => id === spec.id));
  await runtime.stop(spec.id, { grace: 0 });
  await runtime.start(spec, { owner: { ...self, startTime: "1" } });
  assert.ok(!(await runtime.list()).some(({ id }) => id === spec.id));
  assert.equal(existsSync(runtimePaths(home.home).instance(spec.id)), false);
  assert.deepEqual(processesCalled("sleep\u00001115"), []);
});

/** Within twenty seconds: what ends is told to its parent at once, but not before. */
async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline; await sleep(10)) if (await isTrue()) return;
  assert.fail("it did not happen within twenty seconds");
}

function withBounding(bounding: readonly string[]): OciSpec["process"]["capabilities"] {
  return { bounding, effective: [], inheritable: [], permitted: [], ambient: [] };
}

function leftovers(of: TestHome): readonly unknown[] {
  const { run: folder, runc, instances, bundles } = runtimePaths(of.home);
  const names = (path: string): string[] => (existsSync(path) ? readdirSync(path).toSorted() : []);
  const mounts = readMounts().filter(({ target }) => target.startsWith(folder));
  // Other homes have their cgroups in the same place.
  const cgroups = names("/sys/fs/cgroup/pids/ingot").filter((name) => name.startsWith(basename(folder)));
  return [...[instances, runc, bundles].map(names), cgroups, mounts.length];
}

function processesCalled(text: string): readonly string[] {
  return readdirSync("/proc").filter((pid) => /^\d+$/.test(pid) && commandLine(pid).includes(text));
}

/** Processes that have ended and that nobody has asked how: they would stay in the host's table for as long as this process lives. */
function deadChildren(): readonly string[] {
  const isDeadChild = new RegExp(`^State:\\tZ[\\s\\S]*^PPid:\\t${process.pid}$`, "m");
  return readdirSync("/proc").filter((pid) => /^\d+$/.test(pid) && isDeadChild.test(readProcess(pid, "status")));
}

function commandLine(pid: string): string {
  return readProcess(pid, "cmdline");
}

function readProcess(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    // It has ended.
    return "";
  }
}
