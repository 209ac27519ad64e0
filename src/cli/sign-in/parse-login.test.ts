import assert from "node:assert/strict";
import { test } from "node:test";
import { parseLogins } from "./parse-login.ts";

const login = { url: "https://ingot.example", principal: "user:alice", by: "key" };

test("logins are read as they were written", () => {
  const logins = [login, { ...login, by: "id-token", tokenFile: "/run/token", ca: "PEM" }];
  assert.deepEqual(parseLogins(JSON.stringify({ logins })), logins);
  assert.deepEqual(parseLogins(JSON.stringify({ logins: [] })), []);
});

test("a file that `ingot login` did not write is no list of logins", () => {
  const wrong: readonly unknown[] = [
    null,
    [],
    {},
    { logins: login },
    { logins: [login], more: 1 },
    { logins: [null] },
    { logins: [[login]] },
    { logins: [{ ...login, url: 1 }] },
    { logins: [{ ...login, principal: undefined }] },
    { logins: [{ ...login, by: "password" }] },
    { logins: [{ ...login, tokenFile: 1 }] },
    { logins: [{ ...login, ca: null }] },
    { logins: [{ ...login, other: "" }] },
    { logins: Array.from({ length: 1001 }, () => login) },
  ];
  for (const file of wrong) assert.equal(parseLogins(JSON.stringify(file)), undefined, JSON.stringify(file));
  assert.equal(parseLogins("{"), undefined);
});
