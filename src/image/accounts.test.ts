import assert from "node:assert/strict";
import { test } from "node:test";
import { IngotError } from "../ground/error.ts";
import { findGroup, findUser, parseAccounts } from "./accounts.ts";

const accounts = parseAccounts("root:x:0:0::/:\nwww-data:x:33:34::/:\n", "root:x:0:\nstaff:x:50:\n");
const file = { image: "web", key: "files", path: "/srv/x" } as const;
const user = { image: "web", key: "user" } as const;

test("an account is found by name or number, and a number needs no entry", () => {
  assert.deepEqual(findUser(accounts, "www-data", user), { uid: 33, gid: 34 });
  assert.deepEqual(findUser(accounts, "33", user), { uid: 33, gid: 34 });
  assert.deepEqual(findUser(accounts, "1000", user), { uid: 1000, gid: 1000 });
  assert.equal(findGroup(accounts, "staff", file), 50);
  assert.equal(findGroup(accounts, "1000", file), 1000);
});

test("of two entries with one name the first counts, as for the C library", () => {
  const twice = parseAccounts("app:x:5:6::/:\napp:x:0:0::/:\n", "app:x:6:\napp:x:0:\n");
  assert.deepEqual(findUser(twice, "app", user), { uid: 5, gid: 6 });
  assert.equal(findGroup(twice, "app", file), 6);
});

test("an unknown owner of a file is refused by its place, and the hint offers no command that comes too late", () => {
  assert.throws(
    () => findUser(accounts, "appuser", file),
    hasText('files: /srv/x: the image "web" has no user named "appuser"', /write a number, or chown it in `run:`/),
  );
  assert.throws(
    () => findGroup(accounts, "app", file),
    hasText('files: /srv/x: the image "web" has no group named "app"', /files are placed before `run:`/),
  );
});

test("an unknown user of the image is refused by its key, and may be made in `run:`", () => {
  assert.throws(
    () => findUser(accounts, "appuser", user),
    hasText('user: the image "web" has no user named "appuser"', /make it in `run:` with useradd/),
  );
});

function hasText(message: string, hint: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof IngotError);
    assert.equal(error.code, "account-unknown");
    assert.equal(error.message, message);
    assert.match(error.hint ?? "", hint);
    return true;
  };
}
