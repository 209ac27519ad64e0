import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { mount, unmount } from "../ground/libc.ts";
import { instanceSpec } from "../runtime/image-instance.ts";
import { runtimePaths } from "../runtime/paths.ts";
import { runcRuntime } from "../runtime/runc/runc-driver.ts";
import { makeTestHome, whyNoInstances, type TestHome } from "../../test/support/runtime-image.ts";
import { removeTestHome } from "../../test/support/stop-instances.ts";
import { startAgent, until, type AgentInstance } from "../../test/support/weak-instance.ts";
import { driftRules, type Drift, type WatchedInstance } from "./guard.ts";
import { openGuard, type GuardProcess } from "./process/open-guard.ts";
import { findHierarchies, freezerState, thawCgroup } from "./response/freeze-cgroup.ts";

const skip = whyNoInstances();
let home: TestHome;
let agent: AgentInstance;
let nginx: WatchedInstance;
let guard: GuardProcess;
let drifts: Drift[] = [];
const runtime = () => runcRuntime(home.ctx);
const told = () => drifts.map(({ rule, message }) => `${rule}: ${message}`);

before(async () => {
  if (skip !== undefined) return;
  home = await makeTestHome();
  agent = await startAgent(home, { isWeak: false });
  const spec = await instanceSpec(home.ctx, home.image, {
    limits: { memory: 256 * 1024 * 1024, pids: 100, cpus: 2 },
  });
  const { pid = 0 } = await runtime().start(spec);
  nginx = { ...agent.watched, id: spec.id, pid, cgroup: runtimePaths(home.home).cgroup(spec.id) };
  guard = await openGuard(home.ctx);
  guard.onDrift((drift) => drifts.push(drift));
  await guard.watch([agent.watched, nginx]);
});
after(async () => {
  if (skip !== undefined) return;
  if (home === undefined) return;
  // Whatever failed: nothing of it stays, frozen or not.
  try {
    await guard?.close();
  } finally {
    for (const { id, status } of await runtime().list()) if (status === "frozen") await runtime().thaw(id);
    await removeTestHome(home);
  }
});

test("it is awake: it sees its own test execution, and says what it watches", { skip }, async () => {
  const { isAwake, watched, sensors } = await guard.status();
  assert.equal(isAwake, true);
  assert.equal(watched, 2);
  assert.equal(sensors.find(({ name }) => name === "trace")?.state, "awake");
});

test("what a service does by itself is no drift", { skip }, async () => {
  const { executions } = await guard.status();
  // Scripts and modules of the image, pipes, here-documents, temporary files, a program that executes itself, and code that is made in memory.
  const service = [
    `exec "sh", "-c", "for i in 1 2 3; do ls / | wc -l > /tmp/count; done; . /etc/profile; echo done"`,
    `exec "sh", "-c", "perl -MPOSIX -e 'print floor(1.5)' | cat; cat <<E > /tmp/text\\nx\\nE\\n"`,
    `exec "/usr/bin/ldd", "/bin/true"`,
    `exec "/usr/bin/savelog"`,
    `exec "perl", "-e", q{exec { "/proc/self/exe" } "perl", "-e", "1"}`,
    `my $code = syscall(9, 0, 4096, 3, 0x22, -1, 0); syscall(10, $code, 4096, 5); exec "sleep", "0.1"`,
    `chdir "/usr/bin"; exec "./env", "true"`,
    `open(my $sh, "|-", "sh"); print $sh "true\\n"; close $sh`,
    `for (1 .. 20) { my $p = fork(); if (!$p) { exec "true" } waitpid($p, 0) }`,
    `open(my $f, ">", "/tmp/data"); print $f "x" x 5000; close $f; unlink "/tmp/data"`,
  ];
  for (const perl of service) agent.tell(perl);
  // nginx: new workers, as after each change of a log.
  process.kill(nginx.pid, "SIGHUP");
  await until(() => drifts.length > 0 || existsSync(`${agent.root}/tmp/text`));
  await sleep(700);
  for (const { id } of [agent.watched, nginx]) await guard.sweep(id);
  assert.deepEqual(told(), []);
  assert.ok((await guard.status()).executions >= executions + 35);
  assert.equal((await guard.status()).lost, 0);
});

test("an entry that was announced is none from the host, once, and as it was announced", { skip }, async () => {
  const enter = (command: readonly string[]) => runtime().execute(nginx.id, command, { timeout: 5000, maxOutput: 100 });
  await guard.expect({ instance: nginx.id, command: ["/bin/sleep", "0"], milliseconds: 5000 });
  assert.equal((await enter(["/bin/sleep", "0"])).status, "exited");
  await sleep(50);
  assert.deepEqual(told(), []);
  await guard.expect({ instance: nginx.id, command: ["/bin/sleep", "1"], milliseconds: 2000 });
  // Long enough to be read: of one that is gone only its name is known.
  await enter(["/bin/sleep", "0.3"]);
  await until(() => drifts.some(({ rule, instance }) => rule === "entered-from-host" && instance === nginx.id));
  const found = drifts.find(({ rule }) => rule === "entered-from-host");
  assert.equal(found?.subject, "/bin/sleep");
  drifts = [];
});

test("what a person declared is no drift; what is near to it is", { skip }, async () => {
  const exceptions = [{ rule: "dropped-program", path: "/tmp/cache/**", reason: "compiled templates" }] as const;
  await guard.watch([{ ...agent.watched, exceptions }, nginx]);
  agent.tell(
    `mkdir "/tmp/cache"; put("/tmp/cache/a", "${Buffer.from("#!/bin/sh").toString("hex")}"); put("/tmp/cached", "${Buffer.from("#!/bin/sh").toString("hex")}")`,
  );
  await until(() => drifts.length > 0);
  await guard.sweep(agent.watched.id);
  assert.deepEqual(
    [...new Set(drifts.map(({ subject }) => subject))].filter((path) => !path.endsWith(".new")),
    ["/tmp/cached"],
  );
  agent.tell(`unlink glob("/tmp/cache/*"), glob("/tmp/cached*")`);
  await until(() => !existsSync(`${agent.root}/tmp/cached`));
  drifts = [];
});

test("an instance is frozen at once, by the guard itself", { skip }, async () => {
  await guard.watch([
    { ...agent.watched, mode: "replace" },
    { ...nginx, mode: "replace" },
  ]);
  enterFromHost(nginx);
  await until(() => drifts.some(({ rule }) => rule === "entered-from-host"));
  assert.deepEqual([...new Set(drifts.map(({ response }) => response))], ["frozen"]);
  // A process in the middle of a system call stops with its end.
  const state = `/sys/fs/cgroup/freezer${nginx.cgroup}/freezer.state`;
  if (existsSync(state)) await until(() => readFileSync(state, "utf8") === "FROZEN\n");
  await runtime().thaw(nginx.id);
  drifts = [];
  await guard.watch([agent.watched, nginx]);
});

test("who traces a process from the host is found", { skip }, async () => {
  // PTRACE_SEIZE: it goes on meanwhile.
  const trace = `syscall(101, 0x4206, ${nginx.pid}, 0, 0) == 0 or die; print "traced\\n"; sleep 30`;
  const tracer = spawn("perl", ["-e", `$| = 1; ${trace}`], { stdio: ["ignore", "pipe", "inherit"] });
  await once(tracer.stdout, "data");
  const found = await guard.sweep(nginx.id);
  tracer.kill("SIGKILL");
  assert.deepEqual(
    found.map(({ rule, message }) => `${rule}: ${message}`),
    ["entered-from-host: /usr/bin/perl of the host traces /usr/sbin/nginx"],
  );
  drifts = [];
});

test("a guard that no longer sees says so of every instance, polls, and sees again", { skip }, async () => {
  const switches = (state: string): void => writeFollowed(state);
  switches("0");
  const { isAwake, sensors } = await guard.status();
  assert.equal(isAwake, false);
  assert.equal(sensors.find(({ name }) => name === "trace")?.state, "blind");
  assert.equal(sensors.find(({ name }) => name === "poll")?.state, "awake");
  await until(() => drifts.filter(({ rule }) => rule === "sensor-blind").length === 2);
  drifts = [];
  // Four times a second it looks itself.
  const child = spawn("sleep", ["5"]);
  putIntoGroup(agent.watched, child.pid ?? 0);
  await until(() => drifts.some(({ rule }) => rule === "entered-from-host"));
  child.kill("SIGKILL");
  switches("1");
  assert.equal((await guard.status()).isAwake, true);
  drifts = [];
});

test("in mode prevent, what is told to serve on was not left frozen before the verdict", { skip }, async () => {
  const prevent = [agent.watched, nginx].map((one) => ({ ...one, mode: "prevent" as const }));
  // It was frozen once: until it is watched anew, it is frozen again at whatever is found.
  await guard.watch([agent.watched]);
  await guard.watch(prevent);
  for (const one of [agent.watched, nginx]) {
    enterFromHost(one);
    await until(() => drifts.some(({ instance }) => instance === one.id));
  }
  const responseOf = ({ id }: WatchedInstance) => drifts.find(({ instance }) => instance === id)?.response;
  const hierarchies = findHierarchies();
  assert.deepEqual([responseOf(agent.watched), responseOf(nginx)], ["frozen", "rate-limited"]);
  assert.equal(freezerState(hierarchies, nginx.cgroup), "thawed");
  thawCgroup(hierarchies, agent.watched.cgroup);
  await guard.watch([nginx]);
  await guard.watch([agent.watched, nginx]);
  drifts = [];
});

test("a guard that is killed is started again, watches everything again, and tells of the gap", { skip }, async () => {
  const killed = guard.pid() ?? 0;
  process.kill(killed, "SIGKILL");
  await until(() => !existsSync(`/proc/${killed}`));
  // Whoever asks between two of them is told, or waits for the next; else nobody would ever be watched any more.
  const asked = guard.watch([agent.watched, nginx]).then(
    () => "answered",
    () => "told",
  );
  assert.notEqual(await Promise.race([asked, sleep(20_000, "no answer", { ref: false })]), "no answer");
  await until(() => drifts.filter(({ rule }) => rule === "sensor-blind").length === 2);
  assert.notEqual(guard.pid(), killed);
  const { isAwake, watched } = await guard.status();
  assert.deepEqual([isAwake, watched], [true, 2]);
  // What it was before, and not what it is now, is what is right.
  assert.deepEqual(
    drifts.filter(({ rule }) => rule !== "sensor-blind"),
    [],
  );
  enterFromHost(nginx);
  await until(() => drifts.some(({ rule }) => rule === "entered-from-host"));
  drifts = [];
});

test("an instance that it does not watch cannot be asked for", { skip }, async () => {
  await assert.rejects(guard.sweep("other" as WatchedInstance["id"]), { code: "guard-instance-unknown" });
});

test("nothing of it is left, and whoever asks then is told", { skip }, async () => {
  await guard.close();
  assert.deepEqual(
    withTracefs((folder) => readdirSync(join(folder, "instances")).filter((name) => name.includes(keyOf(home)))),
    [],
  );
  await assert.rejects(guard.status(), { code: "guard-lost" });
});

test("docs/guard.md has every rule with what it means", () => {
  const text = readFileSync(join(import.meta.dirname, "../../docs/guard.md"), "utf8");
  const rows = [...text.matchAll(/^\| `([a-z-]+)` \| ([^|]+) \|/gm)].map(([, rule = "", means = ""]) => [
    rule,
    means.trim(),
  ]);
  assert.deepEqual(Object.fromEntries(rows), driftRules);
});

function keyOf({ home: folder }: TestHome): string {
  return basename(runtimePaths(folder).run);
}

/** Turns the guard's own buffer off or on, as an attacker who is root on the host could. */
function writeFollowed(state: string): void {
  withTracefs((folder) => {
    const own = new RegExp(`^ingot-${keyOf(home)}-${guard.pid()}-.*-followed$`);
    const name = readdirSync(join(folder, "instances")).find((one) => own.test(one)) ?? "";
    writeFileSync(join(folder, "instances", name, "tracing_on"), state);
  });
}

function withTracefs<T>(use: (folder: string) => T): T {
  const target = mkdtempSync(join(tmpdir(), "ingot-tracefs-"));
  mount("tracefs", target, { type: "tracefs" });
  const file = openSync(target, "r");
  unmount(target, { detach: true });
  rmdirSync(target);
  try {
    return use(`/proc/self/fd/${file}`);
  } finally {
    closeSync(file);
  }
}

/** Waited for by nobody: it may be frozen together with the instance. */
function enterFromHost({ pid }: WatchedInstance): void {
  spawn("nsenter", ["-t", String(pid), "-m", "-p", "true"], { stdio: "ignore" }).unref();
}

function putIntoGroup({ cgroup }: WatchedInstance, pid: number): void {
  const folder = ["/sys/fs/cgroup/freezer", "/sys/fs/cgroup"].find((one) => readdirSync(one).includes("ingot"));
  writeFileSync(join(folder ?? "", cgroup, "cgroup.procs"), String(pid));
}
