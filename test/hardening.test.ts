import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { instanceSpec } from "../src/runtime/image-instance.ts";
import { runtimePaths } from "../src/runtime/paths.ts";
import { runcRuntime } from "../src/runtime/runc/runc-driver.ts";
import { makeTestHome, testWritable, whyNoInstances, type TestHome } from "./support/runtime-image.ts";
import { removeTestHome } from "./support/stop-instances.ts";

const attacks = readFileSync(join(import.meta.dirname, "support/attacks.pl"), "utf8");
const names = attackNames();
const skip = process.arch === "x64" ? whyNoInstances() : "the numbers of system calls are those of x86-64";
const pids = 64;

for (const user of [
  { name: "www-data", uid: 33, gid: 33 },
  { name: "root", uid: 0, gid: 0 },
]) {
  describe(`inside an instance, as ${user.name}`, { skip }, () => {
    let home: TestHome;
    let results = new Map<string, string>();

    before(async () => {
      home = await makeTestHome();
      results = await runAttacks(home, user);
    });
    after(() => removeTestHome(home));

    for (const name of names) {
      test(`it is not possible to ${name}`, () => {
        const result = results.get(name);
        assert.ok(result !== undefined, `the attack "${name}" was not tried`);
        assert.match(result, /^refused/);
      });
    }

    test("what servers need is possible", () => {
      const controls = [...results].filter(([name]) => isControl(name));
      assert.equal(controls.length, tmpfsFolders().length + 8);
      for (const [name, result] of controls) assert.match(result, /^possible/, name);
    });

    test("every attack of the program has a test", () => {
      const tried = [...results.keys()].filter((name) => !isControl(name));
      assert.deepEqual(tried.toSorted(), names.toSorted());
    });
  });
}

async function runAttacks(home: TestHome, user: { uid: number; gid: number }): Promise<Map<string, string>> {
  const { ctx, image } = home;
  const limits = { memory: 128 * 1024 * 1024, pids };
  const spec = await instanceSpec(ctx, image, { command: ["perl", "-e", attacks], limits });
  const environment = { ...spec.environment, TMPFS: tmpfsFolders().join(","), PIDS: String(pids) };
  const { pid = 0 } = await runcRuntime(ctx).start({ ...spec, user, environment });
  const log = await untilEnd(pid, () => readFileSync(runtimePaths(home.home).log(spec.id), "utf8"));
  const lines = log.split("\n").filter((line) => line.includes("\t"));
  return new Map(lines.map((line) => [line.split("\t")[0] ?? "", line.split("\t")[1] ?? ""]));
}

async function untilEnd(pid: number, read: () => string): Promise<string> {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await sleep(50)) {
    const log = read();
    if (log.endsWith("end\n")) return log;
    if (!existsSync(`/proc/${pid}`)) break;
  }
  throw new Error(`the attacks did not come to their end:\n${read()}`);
}

function isControl(name: string): boolean {
  return name.startsWith("control: ");
}

function tmpfsFolders(): string[] {
  return [...testWritable.map(({ path }) => path), "/dev/shm"];
}

/** The names as the program prints them, so that one that was not reached fails its own test. */
function attackNames(): string[] {
  const fixed = [...attacks.matchAll(/^\s*(?:call|attempt|report)\("([^"$]+)"/gm)]
    .map((match) => match[1] ?? "")
    .filter((name) => !isControl(name));
  const kinds = ["user", "mount", "pid", "network", "ipc", "uts", "cgroup", "time"];
  const perTmpfs = tmpfsFolders().flatMap((folder) => [
    `execute a program in ${folder}`,
    `execute it in ${folder} by the loader`,
    `make it setuid and run it in ${folder}`,
  ]);
  const paths = /qw\(([^)]*)\)/g;
  const [, written = "", read = ""] = [...attacks.matchAll(paths)].map((match) => match[1] ?? "");
  return [
    ...fixed,
    ...kinds.map((kind) => `unshare a ${kind} namespace`),
    ...perTmpfs,
    ...written
      .trim()
      .split(/\s+/)
      .map((path) => `write to ${path}`),
    ...read
      .trim()
      .split(/\s+/)
      .map((path) => `read ${path}`),
  ];
}
