import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync, randomBytes, verify } from "node:crypto";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { processContext, type Context } from "../../ground/context.ts";
import { builderKeyId } from "./builder-key-id.ts";
import { formatKeyFile, parseKeyFile } from "./key-file.ts";
import { keyPath, publicKeyPath } from "./key-folder.ts";
import { generateKey, importKey, listKeys, rotateKey } from "./keys.ts";
import { describeKey } from "./public-key.ts";
import { sealKey } from "./sealed-key.ts";
import { openSigner } from "./signer.ts";

const passphrase = "four random words here";

function makeContext(t: TestContext, given: string | undefined = passphrase): Context {
  const home = mkdtempSync(join(tmpdir(), "ingot-keys-"));
  t.after(() => rmSync(home, { recursive: true }));
  return processContext({ home, cwd: home, env: given === undefined ? {} : { INGOT_KEY_PASSPHRASE: given } });
}

test("a key signs, its public half verifies, and nobody else can read it", async (t) => {
  const ctx = makeContext(t);
  assert.equal(await openSigner(ctx, "builder"), undefined);
  assert.equal(builderKeyId(ctx), undefined);
  const key = await generateKey(ctx, "builder", { passphrase });
  assert.equal(builderKeyId(ctx), key.id);
  const signer = await openSigner(ctx, "builder");
  const message = Buffer.from("message");
  assert.equal(signer?.key.id, key.id);
  assert.ok(verify("sha256", message, readFileSync(key.publicFile), await signer.sign(message)));
  assert.equal(statSync(key.file).mode & 0o777, 0o600);
  assert.equal(statSync(join(ctx.home, "keys")).mode & 0o777, 0o700);
  assert.equal(key.publicPem, readFileSync(key.publicFile, "utf8"));
  // What lies on the disk holds neither the passphrase nor the key in the clear.
  const { sealed } = parseKeyFile(readFileSync(key.file, "utf8"), key.file);
  assert.deepEqual(Object.keys(JSON.parse(sealed.toString()) as object), ["kdf", "cipher", "ciphertext"]);
});

test("a key that is there is never overwritten", async (t) => {
  const ctx = makeContext(t);
  const first = await generateKey(ctx, "tester", { passphrase });
  await assert.rejects(generateKey(ctx, "tester", { passphrase }), { code: "key-exists" });
  await assert.rejects(importKey(ctx, "tester", { file: first.file, passphrase }), { code: "key-exists" });
  assert.deepEqual(listKeys(ctx), [first]);
});

test("two commands at once make one key", async (t) => {
  const ctx = makeContext(t);
  const made = await Promise.allSettled([1, 2].map(() => generateKey(ctx, "builder", { passphrase })));
  assert.deepEqual(made.map(({ status }) => status).toSorted(), ["fulfilled", "rejected"]);
  assert.ok(await openSigner(ctx, "builder"));
});

test("rotation keeps the old public key, destroys the private one, or keeps it where that is asked for", async (t) => {
  const ctx = makeContext(t);
  const first = await generateKey(ctx, "builder", { passphrase });
  const { key: second } = await rotateKey(ctx, "builder", { passphrase });
  const { key: third } = await rotateKey(ctx, "builder", { passphrase, keepsPrivate: true });
  assert.equal((await openSigner(ctx, "builder"))?.key.id, third.id);
  assert.deepEqual(third.former.map(({ id }) => id).toSorted(), [first.id, second.id].toSorted());
  const names = readdirSync(join(ctx.home, "keys"));
  assert.ok(!names.includes(`builder-${first.id.slice(0, 12)}.key`));
  const kept = join(ctx.home, "keys", `builder-${second.id.slice(0, 12)}.key`);
  assert.equal(statSync(kept).mode & 0o777, 0o600);
  assert.equal((await importKey(ctx, "tester", { file: kept, passphrase })).id, second.id);
  await assert.rejects(rotateKey(ctx, "scanner", { passphrase }), { code: "key-missing" });
});

test("whenever writing stops, there is the old pair or the new one", async (t) => {
  const ctx = makeContext(t);
  const first = await generateKey(ctx, "builder", { passphrase });
  // After the private file of a new key, before its public copy.
  rmSync(first.publicFile);
  assert.equal(listKeys(ctx)[0]?.id, first.id);
  assert.equal(readFileSync(first.publicFile, "utf8"), first.publicPem);
  // After the old public key was put aside, before the new key.
  writeFileSync(join(ctx.home, "keys", `builder-${first.id.slice(0, 12)}.pub`), first.publicPem);
  assert.deepEqual(listKeys(ctx)[0]?.former, []);
  assert.equal((await openSigner(ctx, "builder"))?.key.id, first.id);
  // After the new private file of a rotation, before its public copy: the old one must not stay in its place.
  const before = readFileSync(first.publicFile);
  const { key } = await rotateKey(ctx, "builder", { passphrase });
  writeFileSync(first.publicFile, before);
  assert.equal(listKeys(ctx)[0]?.id, key.id);
  assert.equal(readFileSync(key.publicFile, "utf8"), key.publicPem);
});

test("a wrong passphrase, and none, are told apart", async (t) => {
  const ctx = makeContext(t);
  await generateKey(ctx, "builder", { passphrase });
  const wrong = { ...ctx, env: { INGOT_KEY_PASSPHRASE: "another" } };
  await assert.rejects(openSigner(wrong, "builder"), { code: "passphrase-wrong" });
  await assert.rejects(openSigner({ ...ctx, env: {} }, "builder"), { code: "passphrase-missing" });
});

test("a key file that others can read or that belongs to another is refused with the mode and the remedy", async (t) => {
  const ctx = makeContext(t);
  const { file } = await generateKey(ctx, "builder", { passphrase });
  for (const mode of [0o640, 0o604, 0o620, 0o601]) {
    chmodSync(file, mode);
    await assert.rejects(openSigner(ctx, "builder"), {
      code: "key-exposed",
      message: new RegExp(`the mode 0${mode.toString(8)}`),
      hint: new RegExp(`chmod 600 ${file}`),
    });
    assert.throws(() => listKeys(ctx), { code: "key-exposed" });
  }
  chmodSync(file, 0o600);
  if (process.getuid?.() !== 0) return t.diagnostic("the owner is not tested: needs root");
  chownSync(file, 1, 1);
  await assert.rejects(openSigner(ctx, "builder"), {
    code: "key-exposed",
    message: /belongs to user 1, and this is user 0/,
  });
});

test("a key file that is cut off, altered, swapped or of another kind is refused", async (t) => {
  const ctx = makeContext(t);
  const { file } = await generateKey(ctx, "builder", { passphrase });
  const tester = await generateKey(ctx, "tester", { passphrase });
  const whole = readFileSync(file, "utf8");
  const refuse = async (content: string, code: string, message: RegExp): Promise<void> => {
    writeFileSync(file, content);
    await assert.rejects(openSigner(ctx, "builder"), { code, message });
  };
  await refuse("", "key-malformed", /holds no encrypted private key/);
  await refuse(whole.slice(0, 400), "key-malformed", /holds no encrypted private key/);
  await refuse(whole + whole, "key-malformed", /more than one/);
  await refuse(`${" ".repeat(70_000)}${whole}`, "key-malformed", /larger/);
  await refuse(whole.replace(/^[A-Za-z0-9+/]{64}$/m, "AAAA"), "key-malformed", /its content is wrong/);
  // The id is what a build and a person go by: it must be the key's own.
  await refuse(whole.replace(/^id: .*/m, `id: ${tester.id}`), "key-malformed", /does not name the key that it holds/);
});

type Sealed = { readonly kdf: { readonly params: object }; readonly cipher: object; readonly ciphertext: string };

test("a sealed key that was altered, with costs that would take all memory, another cipher, or another curve is refused", async (t) => {
  const ctx = makeContext(t);
  const { file } = await generateKey(ctx, "builder", { passphrase });
  const parsed = parseKeyFile(readFileSync(file, "utf8"), file);
  const { id = "", created = "", publicPem = "" } = parsed;
  const put = (sealed: Buffer): void => writeFileSync(file, formatKeyFile({ sealed, id, created, publicPem }));
  const json = JSON.parse(parsed.sealed.toString()) as Sealed;
  // A cost that takes all memory; and one that a thief would like the next passphrase to be kept by.
  for (const N of [2 ** 30, 2, 1]) {
    put(Buffer.from(JSON.stringify({ ...json, kdf: { ...json.kdf, params: { N, r: 8, p: 1 } } })));
    await assert.rejects(openSigner(ctx, "builder"), { code: "key-malformed", message: /kdf\.params\.N/ });
  }
  put(Buffer.from(JSON.stringify({ ...json, cipher: { ...json.cipher, name: "none" } })));
  await assert.rejects(openSigner(ctx, "builder"), { code: "key-malformed", message: /cipher\.name/ });
  // It is authenticated, which cannot be told from a wrong passphrase.
  const altered = Buffer.from(json.ciphertext, "base64");
  altered[20] = (altered[20] ?? 0) ^ 1;
  put(Buffer.from(JSON.stringify({ ...json, ciphertext: altered.toString("base64") })));
  await assert.rejects(openSigner(ctx, "builder"), { code: "passphrase-wrong", hint: /altered/ });
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-384" });
  put(await sealKey({ randomBytes }, privateKey.export({ type: "pkcs8", format: "der" }), passphrase));
  await assert.rejects(openSigner(ctx, "builder"), { code: "key-unsuitable", message: /secp384r1/ });
  put(await sealKey({ randomBytes }, Buffer.from("no key at all, but rightly sealed"), passphrase));
  await assert.rejects(openSigner(ctx, "builder"), { code: "key-malformed", message: /not a private key/ });
});

test("a key of cosign in the place of one of Ingot says how it is imported", async (t) => {
  const ctx = makeContext(t);
  const { file } = await generateKey(ctx, "builder", { passphrase });
  const bare = /-----BEGIN ENCRYPTED[^]*PRIVATE KEY-----\n/.exec(readFileSync(file, "utf8"))?.[0] ?? "";
  writeFileSync(file, bare);
  assert.throws(() => listKeys(ctx), { code: "key-malformed", hint: /ingot key import/ });
  await assert.rejects(openSigner(ctx, "builder"), { code: "key-malformed" });
  const imported = await importKey(ctx, "tester", { file, passphrase });
  assert.ok(existsSync(publicKeyPath(ctx, "tester")));
  assert.equal((await openSigner(ctx, "tester"))?.key.id, imported.id);
  await assert.rejects(importKey(ctx, "scanner", { file: "absent.key", passphrase }), { code: "key-missing" });
});

test("the id of a key is SHA-256 of its SPKI, and a compressed point gets no second one", () => {
  const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const jwk = publicKey.export({ format: "jwk" });
  const [x, y] = [Buffer.from(jwk.x ?? "", "base64url"), Buffer.from(jwk.y ?? "", "base64url")];
  const point = Buffer.concat([Buffer.from([(y.at(-1) ?? 0) % 2 === 0 ? 2 : 3]), x]);
  const prefix = Buffer.from("3039301306072a8648ce3d020106082a8648ce3d030107032200", "hex");
  const compressed = createPublicKey({ key: Buffer.concat([prefix, point]), format: "der", type: "spki" });
  const { id } = describeKey(publicKey, "a test");
  let other: string | undefined;
  try {
    other = describeKey(compressed, "a test").id;
  } catch (error) {
    assert.equal((error as { code: string }).code, "key-unsuitable");
  }
  assert.ok(other === undefined || other === id);
  assert.ok(keyPath({ home: "/x" }, "builder").endsWith("/x/keys/builder.key"));
});
