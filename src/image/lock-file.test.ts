import assert from "node:assert/strict";
import { test } from "node:test";
import { IngotError } from "../ground/error.ts";
import { imageLockOf, lockedPackage, lockOf } from "./image.fixture.ts";
import { formatLock, parseLock } from "./lock-file.ts";
import { compatibility } from "./lock.ts";

const lock = lockOf({ web: imageLockOf([lockedPackage("bash"), lockedPackage("dash")]) });

test("a lock reads back as it was written, and writing it again gives the same text", () => {
  const text = formatLock(lock);
  assert.deepEqual(parseLock(text, "ingot.lock"), lock);
  assert.equal(formatLock(parseLock(text, "ingot.lock")), text);
});

test("every package stands on a line of its own with sorted keys", () => {
  const lines = formatLock(lock)
    .split("\n")
    .filter((line) => line.includes('"sha256"'));
  assert.equal(lines.length, 2);
  const keys = Object.keys(JSON.parse(lines[0]!.trim().replace(/,$/, "")) as object);
  assert.deepEqual(keys, keys.toSorted());
});

function mutate(change: (lock: { images: { web: { packages: Record<string, unknown>[] } } }) => void): string {
  const copy = JSON.parse(formatLock(lock)) as { images: { web: { packages: Record<string, unknown>[] } } };
  change(copy);
  return JSON.stringify(copy);
}

const hostile: readonly (readonly [string, string])[] = [
  ["text that is not JSON", "<<<<<<< HEAD\n"],
  ["a key that Ingot does not write", mutate((copy) => Object.assign(copy, { extra: 1 }))],
  [
    "a pool path that climbs",
    mutate((copy) => Object.assign(copy.images.web.packages[0]!, { path: "pool/../../x.deb" })),
  ],
  ["an absolute pool path", mutate((copy) => Object.assign(copy.images.web.packages[0]!, { path: "/etc/passwd" }))],
  ["a package name with a slash", mutate((copy) => Object.assign(copy.images.web.packages[0]!, { name: "../bash" }))],
  ["a short checksum", mutate((copy) => Object.assign(copy.images.web.packages[0]!, { sha256: "abc" }))],
];

for (const [what, text] of hostile) {
  test(`${what} is refused as malformed, with the way back`, () => {
    assert.throws(
      () => parseLock(text, "ingot.lock"),
      (error: unknown) => error instanceof IngotError && error.code === "lock-malformed" && Boolean(error.hint),
    );
  });
}

test("the lock of another release is refused by its number, whatever its shape", () => {
  const text = JSON.stringify({ compatibility: compatibility + 1, somethingNew: [] });
  assert.throws(() => parseLock(text, "ingot.lock"), { code: "lock-incompatible" });
});
