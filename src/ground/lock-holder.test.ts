import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { IngotError } from "./error.ts";
import { holdFileLock } from "./file-lock.ts";
import { findLockHolder } from "./lock-holder.ts";

test("who holds a lock is told by its process id, in the error too; of a file without one, nobody", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "ingot-holder-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "lock");
  const lock = await holdFileLock(path);
  assert.equal(findLockHolder(path), process.pid);
  await assert.rejects(holdFileLock(path, { what: "it" }), (error) => {
    assert.ok(error instanceof IngotError);
    assert.match(error.message, new RegExp(`another Ingot process \\(${process.pid}\\) is using it`));
    return true;
  });
  lock.release();
  writeFileSync(path, "");
  assert.equal(findLockHolder(path), undefined);
  assert.equal(findLockHolder(join(folder, "none")), undefined);
});
