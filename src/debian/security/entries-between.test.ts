import assert from "node:assert/strict";
import { test } from "node:test";
import { findEntriesBetween } from "./entries-between.ts";

/** `version>availableIn` of every entry between, and the versions of the history. */
function between(versions: string, installed: string): { entries: string; history: string } {
  const changelog = versions.split(" ").map((version) => ({ version, date: `of ${version}`, changes: [] }));
  const found = findEntriesBetween(changelog, { installed, newest: changelog[0]?.version ?? "" });
  for (const entry of found.entries) assert.equal(entry.availableSince, `of ${entry.availableIn}`);
  return {
    entries: found.entries.map(({ version, availableIn }) => `${version}>${availableIn}`).join(" "),
    history: found.history.map(({ version }) => version).join(" "),
  };
}

test("the way begins after the installed version and ends with the newest", () => {
  assert.deepEqual(between("1.0-1+deb12u3 1.0-1+deb12u2 1.0-1+deb12u1 1.0-1", "1.0-1+deb12u1"), {
    entries: "1.0-1+deb12u3>1.0-1+deb12u3 1.0-1+deb12u2>1.0-1+deb12u2",
    history: "1.0-1+deb12u1 1.0-1",
  });
});

test("a backport's own entry is what makes the entries below it available, though their versions are greater", () => {
  assert.deepEqual(between("2.0-1~deb12u1 2.0-1 1.9-1 1.8-1~deb12u1 1.8-1", "1.8-1~deb12u1"), {
    entries: "2.0-1~deb12u1>2.0-1~deb12u1 2.0-1>2.0-1~deb12u1 1.9-1>1.9-1",
    history: "1.8-1~deb12u1 1.8-1",
  });
});

test("where the changelog does not have the installed version, the way ends at the first that is not newer, and there is no history", () => {
  assert.deepEqual(between("2.0-1 1.9-1 1.0-1 0.9-1", "1.0-1+deb12u1"), {
    entries: "2.0-1>2.0-1 1.9-1>1.9-1",
    history: "",
  });
  assert.deepEqual(between("2.0-1 1.9-1", "1.0-1"), { entries: "2.0-1>2.0-1 1.9-1>1.9-1", history: "" });
});

test("equal versions are equal in whatever way they are written, and one of another branch is no step on the way", () => {
  assert.deepEqual(between("1:2.0-1 1:0.5-1 0:9.0 8.0", "9.0-0"), {
    entries: "1:2.0-1>1:2.0-1 1:0.5-1>1:0.5-1",
    history: "0:9.0 8.0",
  });
  assert.deepEqual(between("2.0-1 0.5-1 1.0-1", "1.0-1"), { entries: "2.0-1>2.0-1", history: "1.0-1" });
});

test("an entry whose version nobody can compare is told rather than lost", () => {
  assert.deepEqual(between("2.0-1 not_a_version 1.0-1", "1.0-1"), {
    entries: "2.0-1>2.0-1 not_a_version>2.0-1",
    history: "1.0-1",
  });
});
