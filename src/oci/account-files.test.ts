import assert from "node:assert/strict";
import { test } from "node:test";
import { findUserEntry, parseGroup, parseId, parsePasswd } from "./account-files.ts";

const users = parsePasswd(
  [
    "root:x:0:0:root:/root:/bin/bash",
    "# a comment:x:9:9",
    "",
    "www-data:x:33:34:::/usr/sbin/nologin",
    "sync:*:4:65534:sync:/bin:",
    "short:x:5:6",
    "www-data:x:0:0:::",
    "1000:x:77:77:::",
  ].join("\n"),
);

test("users have their numbers and shell; an empty or missing shell is /bin/sh", () => {
  assert.deepEqual(users.slice(0, 4), [
    { name: "root", uid: 0, gid: 0, shell: "/bin/bash" },
    { name: "www-data", uid: 33, gid: 34, shell: "/usr/sbin/nologin" },
    { name: "sync", uid: 4, gid: 65_534, shell: "/bin/sh" },
    { name: "short", uid: 5, gid: 6, shell: "/bin/sh" },
  ]);
});

test("groups have their number and members", () => {
  assert.deepEqual(parseGroup("root:x:0:\nadm:x:4:alice,bob\nlast:x:5"), [
    { name: "root", gid: 0, members: [] },
    { name: "adm", gid: 4, members: ["alice", "bob"] },
    { name: "last", gid: 5, members: [] },
  ]);
});

test("a line whose ids are no numbers is no entry, so that nobody becomes root by it", () => {
  for (const ids of ["", ":", "x:1", "1:x", "-1:1", "1:-1", "0x0:0", " 0:0", "4294967295:1", "1e3:1", "1.0:1"])
    assert.deepEqual(parsePasswd(`eve:x:${ids}::/:/bin/sh`), [], ids);
  for (const id of ["", "x", "-1", "4294967295", "+0"]) assert.deepEqual(parseGroup(`eve:x:${id}:`), [], id);
  assert.deepEqual(parsePasswd(":x:0:0:::"), []);
  assert.equal(parseId(undefined), undefined);
});

test("a user is found by name or number, and of two entries the first counts", () => {
  assert.equal(findUserEntry(users, "www-data")?.uid, 33);
  assert.equal(findUserEntry(users, "33")?.name, "www-data");
  assert.equal(findUserEntry(users, "033")?.name, "www-data");
  assert.equal(findUserEntry(users, "alice"), undefined);
  assert.equal(findUserEntry(users, ""), undefined);
});

test("digits are a number, also where an account has them for its name", () => {
  assert.equal(findUserEntry(users, "1000"), undefined);
  assert.equal(findUserEntry(users, "77")?.name, "1000");
});
