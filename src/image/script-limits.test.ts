import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { hash } from "node:crypto";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { buildDeb } from "../../test/support/build-deb.ts";
import { castSet, packagesStage, testEpoch } from "../../test/support/cast-set.ts";
import { tinyDebian, whyNoTinyDebian } from "../../test/support/tiny-debian.ts";
import { IngotError } from "../ground/error.ts";
import type { LayerBlob } from "../oci/layer/layer-blob.ts";
import { scriptLimits } from "./script-limits.ts";

const groups = ["/sys/fs/cgroup/pids", "/sys/fs/cgroup/memory"];
const skip = whyNoTinyDebian() ?? false;
const skipGroups =
  skip || (process.getuid?.() === 0 && existsSync("/sys/fs/cgroup") ? false : "needs root, for control groups");
const work = mkdtempSync(existsSync("/dev/shm") ? "/dev/shm/ingot-limits-" : "/tmp/ingot-limits-");
const home = join(work, "home");
let below: readonly LayerBlob[] = [];

before(async () => {
  if (skip !== false) return;
  const file = await buildDeb(tinyDebian(), work);
  const item = { name: "tiny-base", version: "1", file, layer: "base" };
  const sha256 = hash("sha256", readFileSync(file), "hex");
  const [result] = await castSet(home, [packagesStage("base", [{ ...item, sha256 }])]);
  below = result?.layers ?? [];
});
after(() => rmSync(work, { recursive: true, force: true }));

/** Runs a command as `run:` would and returns the error. */
async function failureOf(command: string, env: Readonly<Record<string, string>>): Promise<IngotError> {
  const stage = { kind: "run", name: "commands", epoch: testEpoch, commands: [command] } as const;
  const casting = castSet(home, [stage], { below, context: { env: { ...process.env, ...env } } });
  const error: unknown = await casting.then(
    () => assert.fail("it succeeded"),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof IngotError, String(error));
  assert.equal(error.code, "script-failed");
  return error;
}

test(
  "a fork bomb meets the limit of processes, is told so, and nothing of it is left",
  { skip: skipGroups },
  async () => {
    // Each process makes more of them until one is refused; sleeping ones keep their place.
    const bomb = "b() { b & b & sleep 1121; }; b & b & sleep 1121 & wait; b; exit 7";
    const env = { INGOT_SCRIPT_PROCESSES: "200", INGOT_SCRIPT_TIMEOUT: "20s" };
    const { details } = await failureOf(bomb, env);
    assert.ok(
      details.some((line) => line.startsWith("the limit of 200 processes was met")),
      details.join("\n"),
    );
    assert.deepEqual(processesCalled("sleep\u00001121"), []);
    assert.deepEqual(leftGroups(), []);
  },
);

test("a script that takes all memory is killed, and the cast says so", { skip: skipGroups }, async () => {
  const hog = "x=0123456789abcdef; while :; do x=$x$x; done";
  const { details } = await failureOf(hog, { INGOT_SCRIPT_MEMORY: "400M", INGOT_SCRIPT_TIMEOUT: "100s" });
  assert.ok(
    details.some((line) => line.startsWith("the limit of 419430400 bytes of memory was met")),
    details.join("\n"),
  );
  assert.deepEqual(leftGroups(), []);
});

test("a script that waits for ever is ended with its time, with what it printed", { skip }, async () => {
  const { details } = await failureOf("echo begun; sleep 1122", { INGOT_SCRIPT_TIMEOUT: "500ms" });
  assert.equal(details[0], "begun");
  assert.match(details.at(-1) ?? "", /^ended after 0\.5 s, which is the limit; INGOT_SCRIPT_TIMEOUT raises it$/);
  assert.deepEqual(processesCalled("sleep\u00001122"), []);
});

test("who is not root of the host is held by the kernel's own limit of processes", { skip }, async () => {
  const env = { INGOT_SCRIPT_PROCESSES: "300" };
  const { details } = await failureOf("cat /proc/self/limits; exit 1", env);
  assert.ok(
    details.some((line) => /^Max processes +300 +300 /.test(line)),
    details.join("\n"),
  );
});

test("limits are read from the environment, and have usual values", () => {
  assert.deepEqual(scriptLimits({ env: {} }, 1000), { processes: 4096, memory: 900, time: 3_600_000 });
  const env = { INGOT_SCRIPT_PROCESSES: "10", INGOT_SCRIPT_MEMORY: "2G", INGOT_SCRIPT_TIMEOUT: "30m" };
  assert.deepEqual(scriptLimits({ env }, 1000), { processes: 10, memory: 2 * 2 ** 30, time: 1_800_000 });
  for (const [name, text] of Object.entries({
    INGOT_SCRIPT_PROCESSES: "many",
    INGOT_SCRIPT_MEMORY: "-1",
    INGOT_SCRIPT_TIMEOUT: "soon",
  }))
    assert.throws(() => scriptLimits({ env: { [name]: text } }, 1000), { code: "usage", message: new RegExp(name) });
});

/** Of this process's casts. */
function leftGroups(): readonly string[] {
  const paths = readFileSync("/proc/self/cgroup", "utf8")
    .split("\n")
    .map((line) => line.split(":")[2] ?? "/");
  const parents = [...new Set(groups.flatMap((group) => paths.map((path) => join(group, path))))].filter(existsSync);
  return parents.flatMap((parent) =>
    readdirSync(parent).filter((name) => name.startsWith(`ingot-cast-${process.pid}-`)),
  );
}

function processesCalled(text: string): readonly string[] {
  return readdirSync("/proc").filter((pid) => /^\d+$/.test(pid) && commandLine(pid).includes(text));
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    // It has ended.
    return "";
  }
}
