import assert from "node:assert/strict";
import { test } from "node:test";
import * as openpgp from "openpgp";
import { clearsign, describeKey, makeArchiveKey, type ArchiveKey } from "../../../test/support/archive-key.ts";
import { loadKeyring } from "./keyring.ts";
import { verifySignedText } from "./signature.ts";

const day = 24 * 3600 * 1000;
const now = new Date("2026-03-01T12:00:00Z");
const lastYear = new Date("2025-03-01T12:00:00Z");
const key = await makeArchiveKey({ date: lastYear });
const foreignKey = await makeArchiveKey({ date: lastYear });
const text = "Suite: bookworm\nDescription: a line\n- with a dash\nEnd: here";
const signed = await clearsign(text, [key], now);

async function verify(
  content: string,
  options: { keys?: readonly ArchiveKey[]; now?: Date; fingerprints?: string[] } = {},
) {
  const parts = await Promise.all(
    (options.keys ?? [key]).map((each) => loadKeyring({ kind: "embedded", armored: each.armored, fingerprints: [] })),
  );
  const keyring = {
    keys: parts.flatMap((part) => part.keys),
    fingerprints: options.fingerprints ?? [],
    from: "test.gpg",
  };
  return verifySignedText(content, { keyring, now: options.now ?? now, where: "InRelease" });
}

test("a signed text is returned without its dash escapes, with the fingerprint of its signer", async () => {
  assert.match(signed, /^- - with a dash$/m);
  assert.deepEqual(await verify(signed), { text, signedBy: [key.fingerprint] });
});

test("CRLF line ends and trailing blanks change nothing", async () => {
  const noisy = signed.replaceAll("\r", "").replaceAll("\n", " \t\r\n");
  assert.deepEqual(await verify(noisy), { text, signedBy: [key.fingerprint] });
});

test("a text without a signature is refused", async () => {
  await assert.rejects(verify(text), { code: "archive-unsigned" });
});

test("altered text is refused (S5)", async () => {
  await assert.rejects(verify(signed.replace("bookworm", "bullseye")), {
    code: "archive-signature-bad",
    message: new RegExp(keyIdOf(key)),
  });
});

test("a second signed block is refused (C1)", async () => {
  for (const content of [
    `${signed}\n${signed}`,
    signed.replace("Suite:", "-----BEGIN PGP SIGNED MESSAGE-----\nSuite:"),
  ]) {
    await assert.rejects(verify(content), { code: "archive-signature-bad", message: /exactly once/ });
  }
});

test("text before and after the signed block is refused (C2)", async () => {
  await assert.rejects(verify(`Suite: evil\n${signed}`), { code: "archive-signature-bad", message: /before/ });
  await assert.rejects(verify(`${signed}\nSuite: evil\n`), { code: "archive-signature-bad", message: /after/ });
});

test("armor headers other than Hash are refused (C3)", async () => {
  const hidden = signed.replace(/^Hash: .*$/m, (line) => `${line}\nSuite: evil`);
  await assert.rejects(verify(hidden), { code: "archive-signature-bad", message: /armor headers/ });
});

test("an unescaped dash is refused (C4)", async () => {
  await assert.rejects(verify(signed.replace("- - with", "- with").replace("- with", "-with")), {
    code: "archive-signature-bad",
    message: /dash/,
  });
});

test("a key that the keyring lacks is named, with what to do (S1)", async () => {
  const content = await clearsign(text, [foreignKey], now);
  await assert.rejects(verify(content), {
    code: "archive-key-unknown",
    message: new RegExp(`${keyIdOf(foreignKey)}.*test\\.gpg`),
    hint: /keyring/,
  });
});

test("one trusted signature among unknown ones is enough", async () => {
  const content = await clearsign(text, [foreignKey, key], now);
  assert.deepEqual((await verify(content)).signedBy, [key.fingerprint]);
  assert.equal((await verify(content, { keys: [key, foreignKey] })).signedBy.length, 2);
});

test("Signed-By fingerprints leave only these keys trusted (S1)", async () => {
  assert.equal((await verify(signed, { fingerprints: [key.fingerprint] })).signedBy.length, 1);
  await assert.rejects(verify(signed, { fingerprints: [foreignKey.fingerprint] }), { code: "archive-key-unknown" });
});

test("a SHA-1 signature is refused as weak (S2)", async () => {
  await assert.rejects(
    signBySha1().then(({ content, keys }) => verify(content, { keys })),
    {
      code: "archive-signature-bad",
      message: /weaker than SHA-256/,
    },
  );
});

test("a signature from the future is refused, ten minutes apart (S3)", async () => {
  const ahead = await clearsign(text, [key], new Date(now.getTime() + 9 * 60_000));
  assert.equal((await verify(ahead)).text, text);
  const future = await clearsign(text, [key], new Date(now.getTime() + 11 * 60_000));
  await assert.rejects(verify(future), { code: "archive-from-future" });
});

test("a key that has expired since it signed is refused (S4)", async () => {
  const shortLived = await makeArchiveKey({ date: lastYear, expiresAfter: 400 * 24 * 3600 });
  const content = await clearsign(text, [shortLived], now);
  assert.equal((await verify(content, { keys: [shortLived] })).text, text);
  await assert.rejects(verify(content, { keys: [shortLived], now: new Date(now.getTime() + 60 * day) }), {
    code: "archive-key-expired",
    message: /has expired/,
  });
});

test("a revoked key is refused (S4)", async () => {
  const { privateKey } = await openpgp.revokeKey({ key: key.privateKey, date: lastYear, format: "object" });
  await assert.rejects(verify(signed, { keys: [describeKey(privateKey)] }), {
    code: "archive-key-expired",
    message: /is revoked/,
  });
});

test("a signing subkey counts for its primary key", async () => {
  const { privateKey } = await openpgp.generateKey({
    userIDs: [{ name: "sub" }],
    subkeys: [{ sign: true }],
    date: lastYear,
    format: "object",
  });
  const owner = describeKey(privateKey);
  const content = await clearsign(text, [owner], now);
  assert.doesNotMatch(content, new RegExp(owner.fingerprint));
  assert.deepEqual((await verify(content, { keys: [owner] })).signedBy, [owner.fingerprint]);
});

test("a signature block that is empty or damaged is refused", async () => {
  const block = /(-----BEGIN PGP SIGNATURE-----\n\n)[^]*(-----END)/;
  const content = signed.replaceAll("\r", "");
  await assert.rejects(verify(content.replace(block, "$1$2")), { code: "archive-signature-bad" });
  await assert.rejects(verify(content.replace(block, "$1wrsE\n$2")), { code: "archive-signature-bad" });
});

function keyIdOf(each: ArchiveKey): string {
  return each.privateKey.getKeyID().toHex().toUpperCase();
}

/** openpgp.js makes no weak signature of its own accord, so the packet is put together by hand. */
async function signBySha1(): Promise<{ content: string; keys: readonly ArchiveKey[] }> {
  const { privateKey } = await openpgp.generateKey({
    type: "rsa",
    rsaBits: 2048,
    userIDs: [{ name: "old" }],
    date: lastYear,
    format: "object",
  });
  const packet = new openpgp.SignaturePacket();
  packet.signatureType = openpgp.enums.signature.text;
  packet.publicKeyAlgorithm = privateKey.keyPacket.algorithm;
  packet.hashAlgorithm = openpgp.enums.hash.sha1;
  packet.issuerKeyID = privateKey.getKeyID();
  const [literal] = (await openpgp.createMessage({ text: "Suite: bookworm" })).packets;
  // The library's types leave out the last parameter, its configuration.
  const sign = packet.sign.bind(packet) as (...input: readonly unknown[]) => Promise<void>;
  await sign(privateKey.keyPacket, literal, now, true, {
    ...openpgp.config,
    nonDeterministicSignaturesViaNotation: false,
  });
  const list = new openpgp.PacketList<openpgp.SignaturePacket>();
  list.push(packet);
  const block = new openpgp.Signature(list).armor();
  return {
    content: `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA1\n\nSuite: bookworm\n${block}`,
    keys: [describeKey(privateKey)],
  };
}
