import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { basename } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { readExecution } from "./read-process.ts";

test("of a process that becomes other programs again and again, each is read with its own words", async (t) => {
  const again = 'exec env -i "AGAIN=$AGAIN" sh -c "$AGAIN"';
  const child = spawn("sh", ["-c", again], { stdio: "ignore", env: { ...process.env, AGAIN: again } });
  t.after(() => child.kill("SIGKILL"));
  const pairs = new Set<string>();
  // On a busy machine the other one may not have had its turn yet.
  const end = Date.now() + 10_000;
  const hasBoth = (): boolean => pairs.has("env: env") && [...pairs].some((pair) => pair.endsWith(": sh"));
  for (let reads = 0; reads < 3000 || (!hasBoth() && Date.now() < end); reads += 1) {
    const seen = readExecution(child.pid ?? 0);
    if (seen?.command[0] !== undefined) pairs.add(`${basename(seen.program.link)}: ${seen.command[0]}`);
    if (reads % 100 === 0) await sleep(1);
  }
  const shell = [...pairs].find((pair) => pair.endsWith(": sh")) ?? "";
  const own = new Set([process.execPath].map((path) => `${basename(path)}: ${path}`));
  assert.deepEqual([...pairs].filter((pair) => !own.has(pair)).toSorted(), ["env: env", shell].toSorted());
  assert.match(shell, /^(?:da|ba)sh: sh$/);
});
