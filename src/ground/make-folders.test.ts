import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { makeFolders } from "./make-folders.ts";

test("folders are made with all above them, and one that is there is left", (t) => {
  const root = mkdtempSync(join(tmpdir(), "ingot-folders-"));
  t.after(() => rmSync(root, { recursive: true }));
  const deep = join(root, "a/b/c");
  makeFolders(deep);
  makeFolders(deep);
  assert.ok(statSync(deep).isDirectory());
  writeFileSync(join(root, "file"), "");
  assert.throws(() => makeFolders(join(root, "file/below")), { code: "ENOTDIR" });
  assert.throws(() => makeFolders(join(root, "file")), { code: "EEXIST" });
});

test("a folder that the kernel's own file system does not take ends in an error", () => {
  assert.throws(() => makeFolders("/proc/ingot/reports"), { code: "ENOENT" });
});
