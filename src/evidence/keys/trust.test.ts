import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { roles } from "../evidence.ts";
import { makeSigner } from "../statement/statement.fixture.ts";
import { readTrust } from "./trust.ts";

function makeFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "ingot-trust-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

test("keys count for the roles that they are named for, each once", (t) => {
  const cwd = makeFolder(t);
  const { key } = makeSigner("builder");
  writeFileSync(join(cwd, "a.pub"), key.pem);
  writeFileSync(join(cwd, "b=c.pub"), makeSigner("builder").key.pem);
  const path = join(cwd, "a.pub");
  const trusted = readTrust({ cwd }, { builder: [path, path], tester: [path] }, ["a.pub=tester", "b=c.pub"]);
  const own = trusted.filter(({ id }) => id === key.id);
  assert.deepEqual(own, [
    { id: key.id, role: "builder", pem: key.pem, from: path },
    { id: key.id, role: "tester", pem: key.pem, from: path },
  ]);
  assert.deepEqual(
    trusted.filter(({ id }) => id !== key.id).map(({ role }) => role),
    [...roles],
  );
});

test("a role that is misspelt never makes a key count for all of them", (t) => {
  const cwd = makeFolder(t);
  writeFileSync(join(cwd, "a.pub"), makeSigner("builder").key.pem);
  assert.throws(() => readTrust({ cwd }, {}, ["a.pub=buidler"]), { code: "usage", message: /got buidler/ });
});

test("a key that is missing, of another kind, private, cut off, or one of several is refused", (t) => {
  const cwd = makeFolder(t);
  const refuse = (content: string, code: string): void => {
    writeFileSync(join(cwd, "k"), content);
    assert.throws(() => readTrust({ cwd }, { builder: [join(cwd, "k")] }), { code });
  };
  assert.throws(() => readTrust({ cwd }, { builder: [join(cwd, "k")] }), { code: "key-missing" });
  const pem = {
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  } as const;
  refuse(generateKeyPairSync("ec", { namedCurve: "P-384", ...pem }).publicKey, "key-unsuitable");
  refuse(generateKeyPairSync("rsa", { modulusLength: 2048, ...pem }).publicKey, "key-unsuitable");
  refuse(generateKeyPairSync("ed25519", pem).publicKey, "key-unsuitable");
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256", ...pem });
  // Node would derive the public key from it, and a private one would lie about as if it were public.
  refuse(privateKey, "key-malformed");
  refuse(publicKey + publicKey, "key-malformed");
  refuse(publicKey.slice(0, 100), "key-malformed");
  refuse(publicKey.replace("MFkw", "MFkA"), "key-malformed");
  refuse("", "key-malformed");
});
