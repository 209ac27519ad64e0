import assert from "node:assert/strict";
import { test } from "node:test";
import { imageLockOf, lockedPackage, lockOf } from "./image.fixture.ts";
import { describeLockDiff, diffLocks } from "./lock-diff.ts";

test("a difference is told in words, a line a change, with where an update comes from", () => {
  const before = lockOf({ web: imageLockOf([lockedPackage("bash"), lockedPackage("old")]), gone: imageLockOf([]) });
  const after = lockOf({
    web: imageLockOf([
      lockedPackage("bash", { version: "1.1", sha256: "b".repeat(64), archive: "security" }),
      lockedPackage("fresh"),
    ]),
    made: imageLockOf([lockedPackage("a")]),
  });
  assert.deepEqual(describeLockDiff(diffLocks(before, after)), [
    "gone: image removed",
    "made: new image, 1 packages",
    "web: + fresh 1.0-1",
    "web: - old 1.0-1",
    "web: bash 1.0-1 → 1.1 (security)",
  ]);
});

test("equal locks have no difference", () => {
  const lock = lockOf({ web: imageLockOf([lockedPackage("bash")]) });
  assert.deepEqual(diffLocks(lock, structuredClone(lock)), []);
});
