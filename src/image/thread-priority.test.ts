import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";

/** The priorities of libuv's threads after two calls, in a process without any right to raise one. */
function prioritiesUnder(nice: string): readonly string[] {
  const script = `
    const { readdirSync } = await import("node:fs");
    const { readFile } = await import("node:fs/promises");
    const { getPriority } = await import("node:os");
    const { yieldToScripts } = await import(${JSON.stringify(import.meta.resolve("./thread-priority.ts"))});
    await readFile("/proc/self/status");
    yieldToScripts();
    yieldToScripts();
    const threads = await Promise.all(readdirSync("/proc/self/task").map(async (id) => [id, await readFile("/proc/self/task/" + id + "/comm", "utf8")]));
    console.log(JSON.stringify([...new Set(threads.filter(([, name]) => name.startsWith("libuv-worker")).map(([id]) => String(getPriority(Number(id)))))]));`;
  const node = [process.execPath, "--disable-warning=ExperimentalWarning", "--input-type=module", "-e", script];
  const { stdout, stderr } = spawnSync("nice", ["-n", nice, "unshare", "--user", "--", ...node], { encoding: "utf8" });
  assert.equal(stderr, "");
  return JSON.parse(stdout) as readonly string[];
}

test("threads that compress go after scripts, also in a build that was started by nice(1)", (t) => {
  if (spawnSync("unshare", ["--user", "true"]).status !== 0) return t.skip("needs user namespaces");
  assert.deepEqual(prioritiesUnder("0"), ["5"]);
  assert.deepEqual(prioritiesUnder("10"), ["15"]);
  assert.deepEqual(prioritiesUnder("19"), ["19"]);
});
