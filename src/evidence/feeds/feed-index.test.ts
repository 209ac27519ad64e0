import assert from "node:assert/strict";
import { mkdtempSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { IndexWriter, openIndex } from "./feed-index.ts";

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "ingot-feed-index-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

test("what was added under a key is found again, and nothing under any other", (t) => {
  const folder = folderFor(t);
  const index = new IndexWriter(folder);
  const keys = Array.from({ length: 3000 }, (_, number) => `npm/ü-${(number * 7919) % 3000}`);
  for (const key of keys) index.add(key, { key });
  index.add("npm/ü-7", "second");
  index.set("CVE-1", "short");
  index.finish();
  index.close();
  const opened = openIndex(folder);
  opened.read((reader) => {
    for (const key of keys) assert.deepEqual(reader.values(key)[0], { key });
    assert.deepEqual(reader.values("npm/ü-7"), [{ key: "npm/ü-7" }, "second"]);
    for (const key of ["", "npm/ü", "npm/ü-", "npm/ü-30000", "zzz", "\u{1f600}"])
      assert.deepEqual(reader.values(key), [], key);
  });
  assert.equal(opened.get("CVE-1"), "short");
  for (const prefix of ["npm/", "npm/ü-29", "CVE-", "npm/ü-2999"]) assert.equal(opened.hasPrefix(prefix), true, prefix);
  for (const prefix of ["npm//", "npm/ü-x", "CVE-2", "a", "zzz"]) assert.equal(opened.hasPrefix(prefix), false, prefix);
});

test("an index that is cut off says so", (t) => {
  const folder = folderFor(t);
  const index = new IndexWriter(folder);
  index.add("a", "some text");
  index.finish();
  index.close();
  truncateSync(join(folder, "data"), 3);
  const damaged = { code: "feed-damaged" };
  assert.throws(() => openIndex(folder).read((reader) => reader.values("a")), damaged);
  truncateSync(join(folder, "keys"), 2);
  assert.throws(() => openIndex(folder), damaged);
  rmSync(join(folder, "keys"));
  assert.throws(() => openIndex(folder), damaged);
});
