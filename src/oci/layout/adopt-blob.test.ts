import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { digestOf } from "../digest.ts";
import { openLayout } from "../layout.ts";

test("a file that is moved in is a blob, read-only, in the place of a damaged one, from another file system too", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "ingot-adopt-"));
  const elsewhere = existsSync("/dev/shm") ? mkdtempSync("/dev/shm/ingot-adopt-") : folder;
  t.after(() => {
    for (const one of [folder, elsewhere]) rmSync(one, { recursive: true, force: true });
  });
  const layout = openLayout(join(folder, "layout"));
  const digest = digestOf("right");
  for (const place of [folder, elsewhere]) {
    writeFileSync(layout.blobPath(digest), "wrong", { mode: 0o644 });
    assert.throws(() => layout.readBlob(digest), { code: "store-damaged" });
    const file = join(place, "file");
    writeFileSync(file, "right", { mode: 0o600 });
    await layout.adoptBlob(file, digest);
    assert.equal(layout.readBlob(digest).toString(), "right");
    assert.equal(statSync(layout.blobPath(digest)).mode & 0o777, 0o444);
    assert.ok(!existsSync(file), "it was moved");
  }
  assert.deepEqual(readdirSync(join(layout.folder, "ingest")), []);
});
