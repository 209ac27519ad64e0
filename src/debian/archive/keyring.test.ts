import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { makeArchiveKey } from "../../../test/support/archive-key.ts";
import { hostKeyring, parseSignedBy } from "./keyring-source.ts";
import { loadKeyring } from "./keyring.ts";

const key = await makeArchiveKey();

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "keyring-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

async function fingerprintsOf(files: readonly string[]): Promise<readonly string[]> {
  const keyring = await loadKeyring({ kind: "files", files, fingerprints: [] });
  return keyring.keys.map((each) => each.getFingerprint().toUpperCase());
}

test("binary and armored keyrings are read, whatever their names", async (t) => {
  const folder = folderOf(t);
  writeFileSync(join(folder, "binary.asc"), key.binary);
  writeFileSync(join(folder, "armored.gpg"), key.armored);
  assert.deepEqual(await fingerprintsOf([join(folder, "binary.asc"), join(folder, "armored.gpg")]), [
    key.fingerprint,
    key.fingerprint,
  ]);
});

test("an embedded key is read as apt sources fold it", async () => {
  const folded = `\n${key.armored
    .trim()
    .split(/\r?\n/)
    .map((line) => ` ${line || "."}`)
    .join("\n")}`;
  const source = parseSignedBy(folded);
  assert.ok(source);
  assert.equal((await loadKeyring(source)).keys[0]?.getFingerprint().toUpperCase(), key.fingerprint);
});

test("the host's keyring is Debian's own, else all that apt trusts", async (t) => {
  const root = folderOf(t);
  mkdirSync(join(root, "etc/apt/trusted.gpg.d"), { recursive: true });
  writeFileSync(join(root, "etc/apt/trusted.gpg.d/a.asc"), key.armored);
  assert.match((await loadKeyring(hostKeyring, root)).from, /trusted\.gpg\.d\/a\.asc$/);
  mkdirSync(join(root, "usr/share/keyrings"), { recursive: true });
  writeFileSync(join(root, "usr/share/keyrings/debian-archive-keyring.gpg"), key.binary);
  assert.match((await loadKeyring(hostKeyring, root)).from, /debian-archive-keyring\.gpg$/);
});

test("a missing keyring, one that is none, and an empty host are refused by name", async (t) => {
  const folder = folderOf(t);
  writeFileSync(join(folder, "text.gpg"), "no key at all");
  await assert.rejects(fingerprintsOf([join(folder, "none.gpg")]), {
    code: "keyring-unusable",
    message: /none\.gpg does not exist/,
  });
  await assert.rejects(fingerprintsOf([join(folder, "text.gpg")]), { code: "keyring-unusable", message: /text\.gpg/ });
  await assert.rejects(loadKeyring(hostKeyring, folder), { code: "keyring-unusable", hint: /debian-archive-keyring/ });
});
