import assert from "node:assert/strict";
import { test } from "node:test";
import { compareTarPaths, sortEntries } from "./order.ts";
import { tarEntry } from "./tar-entry.fixture.ts";

test("paths are in the order of their bytes, folders before what they hold", () => {
  const paths = ["", "a", "a-b", "a/b", "a/b/c", "ab", "é", "\uff5e", "😀"];
  assert.deepEqual(paths.toReversed().toSorted(compareTarPaths), paths);
  const bytes = paths.map((path) => Buffer.from(path)).toSorted((a, b) => Buffer.compare(a, b));
  assert.deepEqual(bytes.map(String), paths);
});

test("the first name of a file is the file, whichever name was the link before", () => {
  const file = tarEntry({ path: "m", content: "text", mode: 0o600 });
  const links = ["z", "a"].map((path) => tarEntry({ path, type: "hardlink", linkname: "m" }));
  const sorted = sortEntries([file, ...links]);
  assert.deepEqual(
    sorted.map(({ path, type, linkname, size }) => [path, type, linkname, size]),
    [
      ["a", "file", "", 4],
      ["m", "hardlink", "a", 0],
      ["z", "hardlink", "a", 0],
    ],
  );
  const other = sortEntries([
    { ...file, path: "z" },
    tarEntry({ path: "m", type: "hardlink", linkname: "z", mode: 0o600 }),
    tarEntry({ path: "a", type: "hardlink", linkname: "z", mode: 0o600 }),
  ]);
  assert.deepEqual(other, sorted);
});
