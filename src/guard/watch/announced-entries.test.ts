import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { until } from "../../../test/support/weak-instance.ts";
import type { InstanceId } from "../../runtime/runtime.ts";
import { openImageFiles } from "../content/image-files.ts";
import type { Drift } from "../guard.ts";
import type { Hierarchies } from "../response/freeze-cgroup.ts";
import type { Desk } from "./desk.ts";
import { handleExecution } from "./handle-execution.ts";
import { openDesk } from "./open-desk.ts";
import type { SeenExecution } from "./read-process.ts";
import { addCompanions, addUnknown } from "./seed-processes.ts";
import type { Watch } from "./watch.ts";

const id = "web-1" as InstanceId;
/** Of this host: a script, and a program that it may become. */
const [script, program] = ["/usr/bin/ldd", "/usr/bin/sleep"];

test("a health check that is a script is known by its name when it became another program before it was read", (t) => {
  const { came } = openWatched(t);
  assert.deepEqual(came(readOf(program, ["sleep", "100"])), []);
});

test("a script of the announced name with other words is not what was announced", (t) => {
  const { came } = openWatched(t);
  const shell = "/usr/bin/bash";
  assert.deepEqual(came(readOf(shell, ["/bin/bash", script, "redis"])), []);
  assert.deepEqual(came(readOf(shell, ["/bin/bash", script, "other"])), ["entered-from-host"]);
});

test("what an announced entry made is part of it, also where the kernel told nobody", async (t) => {
  const { desk, watch, found, hierarchies, put } = openWatched(t);
  const child = start(t, ["sh", "-c", "sleep 100; :"]);
  const pid = child.pid ?? 0;
  const made = await childOf(pid);
  put([made]);
  desk.table.add(pid, { instance: id, origin: "host" });
  assert.deepEqual(addUnknown(desk, hierarchies, watch).includes(made), true);
  assert.equal(desk.table.get(made)?.origin, "inside");
  desk.table.end(made);
  desk.expectations.add({ instance: id, command: [script], milliseconds: 60_000 });
  addCompanions(desk, hierarchies, watch);
  assert.equal(desk.table.get(made)?.origin, "inside");
  assert.deepEqual(found(), []);
});

test("what a process made that is not yet what was announced waits like it; of a stranger it is told", async (t) => {
  const { desk, watch, found, hierarchies, put } = openWatched(t);
  const pid = start(t, ["sh", "-c", "sleep 100; :"]).pid ?? 0;
  const made = await childOf(pid);
  put([made]);
  desk.table.add(pid, { instance: id, origin: "host" });
  desk.arriving.set(pid, id);
  desk.expectations.add({ instance: id, command: [script], milliseconds: 60_000 });
  addCompanions(desk, hierarchies, watch);
  assert.equal(desk.arriving.has(made), true);
  const stranger = start(t, ["sleep", "100"]).pid ?? 0;
  put([made, stranger]);
  desk.expectations.take(id, { filename: script, command: [] });
  addUnknown(desk, hierarchies, watch);
  assert.deepEqual(found(), ["entered-from-host"]);
});

test("what the kernel has told already is heard before anybody is taken for unknown", async (t) => {
  const child = start(t, ["sleep", "100"]);
  const pid = child.pid ?? 0;
  const world = openWatched(t, (desk) => desk.table.add(pid, { instance: id, origin: "inside" }));
  const { desk, watch, found, hierarchies, put } = world;
  put([pid]);
  assert.ok(!addUnknown(desk, hierarchies, watch).includes(pid));
  desk.table.end(pid);
  assert.deepEqual(addCompanions(desk, hierarchies, watch), []);
  assert.deepEqual(found(), []);
});

test("an announced entry that has ended, and was not waited for yet, is no stranger", async (t) => {
  const { desk, watch, found, hierarchies, put } = openWatched(t);
  const pid = start(t, ["sh", "-c", "true & exec sleep 100"]).pid ?? 0;
  const ended = await childOf(pid);
  await until(() => readFileSync(`/proc/${ended}/stat`, "utf8").includes(") Z "));
  put([ended]);
  assert.deepEqual(addUnknown(desk, hierarchies, watch).includes(ended), false);
  assert.deepEqual(addCompanions(desk, hierarchies, watch), []);
  assert.deepEqual(found(), []);
});

function readOf(link: string, command: readonly string[]): SeenExecution {
  const { dev: device, ino: inode } = statSync(link);
  const file = { link, device, inode, isDeleted: false };
  return { program: file, command, folder: "/", preloads: [], input: undefined };
}

function start(t: TestContext, [name = "", ...args]: readonly string[]): ChildProcess {
  const child = spawn(name, args, { stdio: "ignore", detached: true });
  t.after(() => process.kill(-(child.pid ?? 0), "SIGKILL"));
  return child;
}

async function childOf(pid: number): Promise<number> {
  const list = (): string => readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  await until(() => list() !== "");
  return Number(list());
}

/** An instance whose group is a folder of the test, and whose image is this host. `put` says who is in it. */
function openWatched(t: TestContext, onDrain: (desk: Desk) => void = () => {}) {
  const root = mkdtempSync(join(tmpdir(), "ingot-announced-"));
  t.after(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, "ingot/web-1"), { recursive: true });
  const put = (pids: readonly number[]): void =>
    writeFileSync(join(root, "ingot/web-1/cgroup.procs"), pids.map((pid) => `${pid}\n`).join(""));
  put([]);
  const freezer = { mount: root, top: "/", names: ["freezer"], isVersion2: false };
  const hierarchies: Hierarchies = { all: [freezer], freezer };
  const drifts: Drift[] = [];
  const { desk, onDrift } = openDesk({
    now: Date.now,
    follow: async () => {},
    drain: () => onDrain(desk),
    nameOf: () => "",
    lookForOthers: () => {},
    lookAgain: () => {},
    hierarchies,
    responder: { watch: () => {}, respond: () => "observed", breakers: () => [], reset: () => {} },
  });
  onDrift((drift) => drifts.push(drift));
  const first = start(t, ["sleep", "100"]).pid ?? 0;
  const watch = watchOf(first);
  desk.watches.set(id, watch);
  desk.table.add(first, { instance: id, origin: "inside" });
  const found = (): readonly string[] => drifts.splice(0).map(({ rule }) => rule);
  /** Somebody announced it, and this is what was read of who came. */
  const came = (early: SeenExecution): readonly string[] => {
    const pid = start(t, ["sleep", "100"]).pid ?? 0;
    desk.expectations.add({ instance: id, command: ["ldd", "redis"], milliseconds: 60_000 });
    const process = desk.table.add(pid, { instance: id, origin: "host" });
    desk.arriving.set(pid, id);
    handleExecution(desk, process, { filename: script, early, seen: Date.now(), sensor: "trace" });
    return found();
  };
  return { desk, watch, found, came, hierarchies, put };
}

function watchOf(pid: number): Watch {
  const instance: Watch["instance"] = {
    id,
    environment: "production",
    service: "web",
    release: 1,
    image: `sha256:${"0".repeat(64)}` as Watch["instance"]["image"],
    pid,
    cgroup: "/ingot/web-1",
    content: { path: "/", sha256: "" },
    writable: [],
    mode: "observe",
    exceptions: [],
  };
  const process = { pid, startTime: "", bootId: "" };
  const baseline = { process, mounts: [], namespaces: { mnt: "mnt:[1]" }, settings: {}, idMaps: {} };
  return {
    instance,
    baseline,
    view: { image: openImageFiles("/"), covered: [], isSealed: true },
    userNamespace: undefined,
  };
}
