import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { lastError } from "./last-error.ts";

test("what runc said last is told, also when it was cut off in the middle of a line", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "ingot-runc-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const log = join(folder, "log");
  assert.equal(lastError(log), undefined);
  writeFileSync(log, '{"level":"error","msg":"no space"}\n{"level":"warning","msg":"later"}\n{"level":"err');
  assert.equal(lastError(log), "no space");
});
