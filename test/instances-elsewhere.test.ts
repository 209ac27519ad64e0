/** Instances on hosts and in circumstances that differ from a developer's machine: what a start takes for granted must be said, or be put right. */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { after, before, test } from "node:test";
import { runtimePaths } from "../src/runtime/paths.ts";
import { identifyProcess } from "../src/runtime/process-identity.ts";
import { runcRuntime } from "../src/runtime/runc/runc-driver.ts";
import type { InstanceId, InstanceState } from "../src/runtime/runtime.ts";
import { parseJson, runIngot } from "./support/run-ingot.ts";
import { makeTestHome, whyNoInstances, type TestHome } from "./support/runtime-image.ts";
import { removeTestHome } from "./support/stop-instances.ts";

type Listed = { readonly instances: readonly InstanceState[] };

const skip = whyNoInstances();
let home: TestHome;
const ingot = async (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  runIngot(args, { env: { INGOT_HOME: home.home, ...env }, cwd: home.home });
const list = async () => parseJson<Listed>(await ingot(["instances", "--json"])).instances;

before(async () => {
  if (skip === undefined) home = await makeTestHome();
});
after(async () => {
  if (skip === undefined) await removeTestHome(home);
});

for (const { where, mode } of [
  { where: "where /run is a tmpfs, as on nearly every host", mode: "0755" },
  { where: "where /run/ingot was made with a closed umask", mode: "0700" },
]) {
  test(`an instance starts ${where}`, { skip }, () => {
    // In a mount namespace of its own; addresses and ids stay shared with the instances of the other tests.
    const script = `for kept in cni id-ranges; do mkdir -p /run/ingot/$kept "$INGOT_HOME/$kept"; mount --bind /run/ingot/$kept "$INGOT_HOME/$kept"; done
      mount -t tmpfs -o mode=${mode} tmpfs /run/ingot
      for kept in cni id-ranges; do mkdir /run/ingot/$kept; mount --move "$INGOT_HOME/$kept" /run/ingot/$kept; done
      umask 077
      "$0" run web --name on-tmpfs -- sleep 600
      "$0" stop on-tmpfs --timeout 0s`;
    const args = ["--mount", "sh", "-ec", script, join(import.meta.dirname, "../bin/ingot")];
    execFileSync("unshare", args, {
      env: { ...process.env, INGOT_HOME: home.home },
      stdio: ["ignore", "pipe", "pipe"],
    });
  });
}

test("what a service manager says in the environment changes nothing of an instance", { skip }, async () => {
  const env = { NOTIFY_SOCKET: "/run/notify-test", LISTEN_FDS: "1", LISTEN_PID: "1" };
  const result = await ingot(["run", "web", "--name", "served", "--", "sleep", "600"], env);
  assert.equal(result.code, 0, result.stderr);
  assert.equal((await ingot(["stop", "served", "--timeout", "0s"])).code, 0);
});

test("an ordinary user is told that instances need root, before anything is written", { skip }, () => {
  const script = `
    const { processContext } = await import(${JSON.stringify(import.meta.resolve("../src/ground/context.ts"))});
    const { startInstances } = await import(${JSON.stringify(import.meta.resolve("../src/runtime/start-instances.ts"))});
    process.getuid = () => 65534;
    await startInstances(processContext({ home: ${JSON.stringify(home.home)} }), "web", { count: 1 }).catch((error) => console.log(error.code));`;
  const args = ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e", script];
  assert.equal(execFileSync(process.execPath, args, { encoding: "utf8" }), "runtime-unsupported\n");
});

test("without the CNI plugins nothing is begun, and the error names the package", { skip }, async () => {
  const result = await ingot(["run", "web", "--name", "unplugged", "--", "sleep", "600"], {
    CNI_PATH: "/nonexistent",
  });
  assert.match(
    result.stderr,
    /CNI plugin \/nonexistent\/bridge is not installed\nhint: apt-get install containernetworking-plugins/,
  );
  assert.equal(isLeft("unplugged"), false);
});

test("a network that is taken is said, and nothing is left", { skip }, async () => {
  const env = { INGOT_SUBNET: "127.0.0.0/8" };
  const script = `ip link set lo up; ip route add 127.0.0.0/9 dev lo table main; exec "$0" run web --name crowded -- sleep 600`;
  const args = ["--net", "--mount", "sh", "-c", script, join(import.meta.dirname, "../bin/ingot")];
  const child = spawn("unshare", args, {
    env: { ...process.env, ...env, INGOT_HOME: home.home },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  await new Promise((resolve) => child.once("close", resolve));
  assert.match(said, /code: network-no-subnet\n/);
  assert.equal(isLeft("crowded"), false);
});

test("an instance that cannot be removed does not hide the others", { skip }, async () => {
  assert.equal((await ingot(["run", "web", "--name", "whole", "--", "sleep", "600"])).code, 0);
  const paths = runtimePaths(home.home);
  mkdirSync(paths.instance("stuck" as InstanceId));
  // What somebody put in the place of the root of the instance keeps its folder from being removed.
  const inTheWay = join(paths.bundle("stuck" as InstanceId), "rootfs", "in-the-way");
  mkdirSync(inTheWay, { recursive: true });
  const result = await ingot(["instances", "--json"]);
  rmSync(inTheWay, { recursive: true });
  assert.equal(result.code, 0, result.stderr);
  assert.match(result.stderr, /warning: a step of removing stuck failed/);
  assert.deepEqual(
    parseJson<Listed>(result).instances.map(({ id }) => id),
    ["whole"],
  );
  assert.deepEqual(
    (await list()).map(({ id }) => id),
    ["whole"],
  );
  assert.equal(isLeft("stuck"), false);
  assert.equal((await ingot(["stop", "whole", "--timeout", "0s"])).code, 0);
});

test("a home by another name has the same instances, and stopping one there ends it", { skip }, async () => {
  const link = `${home.home}-link`;
  symlinkSync(home.home, link);
  try {
    for (const name of [`${home.home}/`, link, relative(home.home, home.home) || "."]) {
      const { instances } = parseJson<Listed>(
        await ingot(["run", "web", "--json", "--name", "named", "--", "sleep", "600"]),
      );
      const pid = instances[0]?.pid;
      assert.equal((await ingot(["stop", "named", "--timeout", "0s"], { INGOT_HOME: name })).code, 0);
      assert.equal(identifyProcess(pid ?? 0), undefined, name);
      assert.equal(isLeft("named"), false, name);
    }
  } finally {
    rmSync(link);
  }
});

test("an instance of another home with the same id is another instance", { skip }, async () => {
  const other = await makeTestHome();
  try {
    const words = ["run", "web", "--name", "twin", "--json"];
    const { instances } = parseJson<Listed>(await ingot(words));
    const result = await ingot(words, { INGOT_HOME: other.home });
    assert.equal(result.code, 0, result.stderr);
    assert.equal((await ingot(["stop", "twin", "--timeout", "0s"], { INGOT_HOME: other.home })).code, 0);
    const [first] = instances;
    const response = await fetch(`http://${first?.address}:${first?.port}/`, { signal: AbortSignal.timeout(5000) });
    assert.equal(response.status, 200);
  } finally {
    await removeTestHome(other);
    await ingot(["stop", "twin", "--timeout", "0s"]);
  }
});

test("a command that ends at once is never taken for a mistake of Ingot", { skip }, async () => {
  for (let round = 0; round < 8; round += 1) {
    const { code, stderr } = await ingot(["run", "web", "--name", `brief-${round}`, "--", "true"]);
    if (code !== 0) assert.match(stderr, /code: instance-start-failed/);
  }
  for (const { id } of await list()) await ingot(["stop", id, "--timeout", "0s"]);
});

test("what a command printed before it failed is part of the error", { skip }, async () => {
  const { code, stderr } = await ingot(["run", "web", "--", "sh", "-c", "echo the reason; exit 3"]);
  // A slow end counts as an instance that ran.
  if (code !== 0) assert.match(stderr, /the reason/);
  for (const { id } of await list()) await ingot(["stop", id, "--timeout", "0s"]);
});

test("an instance whose start ends while it is listed is not removed", { skip }, async () => {
  assert.equal((await ingot(["run", "web", "--name", "late", "--", "sleep", "600"])).code, 0);
  const paths = runtimePaths(home.home);
  const id = "late" as InstanceId;
  const record = readFileSync(paths.state(id), "utf8");
  const { running, ...begun } = JSON.parse(record) as Record<string, unknown>;
  assert.ok(running !== undefined);
  writeFileSync(paths.state(id), JSON.stringify(begun));
  // Opening the lock, a named pipe, waits for its other end: the record is then written as the start would have.
  rmSync(paths.instanceLock(id), { force: true });
  execFileSync("mkfifo", [paths.instanceLock(id)]);
  const script = `sleep 0.3; printf '%s' "$1" > "$2"; exec cat "$3"`;
  const other = spawn("sh", ["-c", script, "sh", record, paths.state(id), paths.instanceLock(id)], {
    stdio: "ignore",
  });
  try {
    assert.deepEqual(
      (await runcRuntime(home.ctx).list()).map(({ status }) => status),
      ["running"],
    );
  } finally {
    other.kill("SIGKILL");
    rmSync(paths.instanceLock(id), { force: true });
  }
  assert.equal((await ingot(["stop", "late", "--timeout", "0s"])).code, 0);
});

function isLeft(id: string): boolean {
  const paths = runtimePaths(home.home);
  const name = id as InstanceId;
  return [paths.instance(name), paths.bundle(name), paths.networkNamespace(name)].some((path) => existsSync(path));
}
