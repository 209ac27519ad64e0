import assert from "node:assert/strict";
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openTraceFolder, removeLeftInstances, removeTraceInstance, traceInstanceName } from "./trace-folder.ts";

test("buffers of a guard that is gone are removed, also when its number is another's; those of one that lives are not", (t) => {
  const parent = mkdtempSync(join(tmpdir(), "ingot-trace-"));
  t.after(() => rmSync(parent, { recursive: true }));
  const tracefs = openTraceFolder(parent);
  if (typeof tracefs === "string") return t.skip(`needs tracefs: ${tracefs}`);
  t.after(tracefs.close);
  const key = `test${process.pid}`;
  const names = [
    traceInstanceName(key, "followed"),
    `ingot-${key}-${process.pid}-1-followed`,
    `ingot-${key}-2-1-entries`,
  ];
  const [own = "", reused = "", busy = ""] = names.map((name) => join(tracefs.path, "instances", name));
  for (const path of [own, reused, busy]) mkdirSync(path);
  const reader = openSync(join(busy, "trace_pipe"), "r");
  removeLeftInstances(tracefs.path, key);
  assert.deepEqual([existsSync(own), existsSync(reused), existsSync(busy)], [true, false, true]);
  closeSync(reader);
  removeLeftInstances(tracefs.path, key);
  assert.equal(existsSync(busy), false);
  removeTraceInstance(own);
});
