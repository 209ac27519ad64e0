import assert from "node:assert/strict";
import { chmodSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { makeFolder } from "../ledger.fixture.ts";
import { createLogKey, readLogKey, verifierKey } from "./log-key.ts";

test("a key is read as it was made, and nobody else can read its file", (t) => {
  const path = join(makeFolder(t), "keys/events.key");
  const key = createLogKey(path, "ingot.example/events");
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(verifierKey(readLogKey(path)), verifierKey(key));
  assert.match(verifierKey(key), /^ingot\.example\/events\+[0-9a-f]{8}\+A[A-Za-z0-9+/]{43}=*$/);
});

test("a key is never made over another one", (t) => {
  const path = join(makeFolder(t), "events.key");
  const key = createLogKey(path, "ingot.example/events");
  assert.throws(() => createLogKey(path, "ingot.example/events"), { code: "key-exists" });
  assert.equal(verifierKey(readLogKey(path)), verifierKey(key));
});

test("a key that others could read is refused", (t) => {
  const path = join(makeFolder(t), "events.key");
  createLogKey(path, "ingot.example/events");
  chmodSync(path, 0o640);
  assert.throws(() => readLogKey(path), { code: "key-exposed" });
});

test("a missing key, one without a name, one of another kind and a damaged one are told apart", (t) => {
  const folder = makeFolder(t);
  const path = join(folder, "events.key");
  assert.throws(() => readLogKey(path), { code: "key-missing" });
  createLogKey(path, "ingot.example/events");
  const text = readFileSync(path, "utf8");
  const pem = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ type: "pkcs8", format: "pem" });
  const wrong = [
    text.replace(/name.*\n/, ""),
    text.replace("events\n", "eve+nts\n"),
    text.replace(/MC4/, "AAA"),
    `name: x\n\n${pem}`,
  ];
  for (const [at, one] of wrong.entries()) {
    writeFileSync(join(folder, `${at}.key`), one, { mode: 0o600 });
    assert.throws(() => readLogKey(join(folder, `${at}.key`)), { code: "key-malformed" }, one);
  }
});

test("a name that no note can hold is refused", (t) => {
  const folder = makeFolder(t);
  for (const name of ["", "a b", "a+b", "a\nb", "a\u00a0b", "x".repeat(300)])
    assert.throws(() => createLogKey(join(folder, "k"), name), { code: "key-malformed" }, name);
});
