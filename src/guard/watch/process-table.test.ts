import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { InstanceId } from "../../runtime/runtime.ts";
import { keptWords, openProcessTable } from "./process-table.ts";
import { readWords } from "./read-process.ts";

test("of a command of a hundred kilobytes little is remembered", async (t) => {
  const child = spawn("sh", ["-c", "sleep 100; :", "sh", "x".repeat(100_000)], { stdio: "ignore" });
  t.after(() => child.kill("SIGKILL"));
  const pid = child.pid ?? 0;
  for (const deadline = Date.now() + 20_000; (readWords(`/proc/${pid}/cmdline`) ?? []).length < 5; await sleep(5))
    assert.ok(Date.now() < deadline);
  const table = openProcessTable(() => Date.now());
  const { command } = table.add(pid, { instance: "web-1" as InstanceId, origin: "inside" });
  assert.deepEqual(command.slice(0, 4), ["sh", "-c", "sleep 100; :", "sh"]);
  assert.equal(command[4]?.length, 512);
  assert.equal(keptWords(Array.from({ length: 10_000 }, () => "x")).length, 64);
});
