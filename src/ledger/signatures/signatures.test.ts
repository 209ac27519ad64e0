/** The signature log in the shape of Rekor v2, checked with sigstore's own verifier for JavaScript; cosign.test.ts does so with cosign. */
import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync, hash } from "node:crypto";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { bundleFromJSON } from "@sigstore/bundle";
import { TrustedRoot } from "@sigstore/protobuf-specs";
import { toSignedEntity, toTrustMaterial, VerificationError, Verifier } from "@sigstore/verify";
import { checkBundle, verifyingKeys } from "../../evidence/statement/check-bundle.ts";
import { makeSigner } from "../../evidence/statement/statement.fixture.ts";
import { verifierKey } from "../log/log-key.ts";
import type { Log } from "../log/log.ts";
import { openLog } from "../log/open-log.ts";
import { hashedRekordEntry } from "./hashed-rekord.ts";
import { logIdOf } from "./log-id.ts";
import { signAndLog, spoil, spoiltParts, type Bundle } from "./signatures.fixture.ts";
import type { TransparencyLogEntry } from "./transparency-log-entry.ts";
import { signatureLogName, trustedRoot } from "./trusted-root.ts";
import { withLogEntry } from "./with-log-entry.ts";

const baseUrl = "https://ingot.example:8443";
const signer = makeSigner("builder");
const statement = { _type: "https://in-toto.io/Statement/v1", subject: [], predicateType: "https://kind.example/v1" };

async function makeLog(t: TestContext): Promise<Log> {
  const folder = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "ingot-signatures-"));
  const secret = generateKeyPairSync("ed25519").privateKey;
  const log = await openLog({ folder: join(folder, "log"), key: { name: signatureLogName(baseUrl), secret } });
  t.after(async () => {
    await log.close();
    rmSync(folder, { recursive: true });
  });
  return log;
}

function rootOf(log: Log): object {
  return trustedRoot({ baseUrl, keys: [{ verifierKey: log.verifierKey, from: new Date("2026-01-01") }] });
}

/** Verifies with sigstore's own code, and asks for one entry of a log. */
function verify(bundle: Buffer, root: object): void {
  const publicKey = createPublicKey(signer.key.pem);
  const material = toTrustMaterial(TrustedRoot.fromJSON(root), () => ({ publicKey, validFor: () => true }));
  const verifier = new Verifier(material, { tlogThreshold: 1, ctlogThreshold: 0, timestampThreshold: 0 });
  verifier.verify(toSignedEntity(bundleFromJSON(JSON.parse(bundle.toString()))));
}

test("an entry is the canonical JSON that Rekor v2 would write, byte for byte", () => {
  const entry = hashedRekordEntry({
    digest: Buffer.alloc(32, 1),
    signature: Buffer.from([0x30, 0xff]),
    publicKey: Buffer.from([0xfb, 0xff]),
  });
  const digest = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
  assert.equal(
    String(entry),
    `{"apiVersion":"0.0.2","kind":"hashedrekord","spec":{"hashedRekordV002":{"data":{"algorithm":"SHA2_256","digest":"${digest}"},` +
      `"signature":{"content":"MP8=","verifier":{"keyDetails":"PKIX_ECDSA_P256_SHA_256","publicKey":{"rawBytes":"+/8="}}}}}}`,
  );
});

test("a log's id is the whole hash of which its notes carry the first four bytes", async (t) => {
  const log = await makeLog(t);
  const id = Buffer.from(logIdOf(log.verifierKey), "base64");
  assert.equal(id.length, 32);
  assert.equal(id.subarray(0, 4).toString("hex"), log.verifierKey.split("+")[1]);
  const material = Buffer.from(log.verifierKey.split("+").slice(2).join("+"), "base64");
  assert.deepEqual(id, hash("sha256", Buffer.concat([Buffer.from("ingot.example\n"), material]), "buffer"));
  assert.throws(() => logIdOf("nonsense"), { code: "key-malformed" });
});

test("the log is named by the bare host", () => {
  assert.equal(signatureLogName(baseUrl), "ingot.example");
  assert.equal(signatureLogName("http://127.0.0.1:8700"), "127.0.0.1");
  assert.equal(signatureLogName("https://[::1]:8700"), "::1");
});

test("sigstore's verifier takes a logged bundle, and none whose proof was tampered with", async (t) => {
  const log = await makeLog(t);
  const { bundle, entry } = await signAndLog(log, statement, signer);
  const root = rootOf(log);
  verify(withLogEntry(bundle, entry), root);
  const other = await signAndLog(log, { ...statement, predicate: 2 }, signer);
  const wrong: Record<string, TransparencyLogEntry> = {
    ...Object.fromEntries(spoiltParts.map((part) => [part, spoil(entry, part)])),
    "another's entry": other.entry,
    "another's body": { ...entry, canonicalizedBody: other.entry.canonicalizedBody },
  };
  for (const [what, tampered] of Object.entries(wrong))
    // The index beside the proof's own is the one member that this verifier does not read.
    if (what !== "the index")
      assert.throws(() => verify(withLogEntry(bundle, tampered), root), VerificationError, what);
  assert.throws(() => verify(bundle, root), VerificationError);
  const secret = generateKeyPairSync("ed25519").privateKey;
  const foreign = verifierKey({ name: "ingot.example", secret });
  const keys = [{ verifierKey: foreign, from: new Date("2026-01-01") }];
  assert.throws(() => verify(withLogEntry(bundle, entry), trustedRoot({ baseUrl, keys })), VerificationError);
});

test("a trusted root names every key of the log, and until when", async (t) => {
  const log = await makeLog(t);
  const former = verifierKey({ name: "ingot.example", secret: generateKeyPairSync("ed25519").privateKey });
  const { bundle, entry } = await signAndLog(log, statement, signer);
  const [from, until] = [new Date("2026-01-01T00:00:00Z"), new Date("2026-06-01T00:00:00Z")];
  const root = trustedRoot({
    baseUrl,
    keys: [
      { verifierKey: former, from, until },
      { verifierKey: log.verifierKey, from: until },
    ],
  });
  verify(withLogEntry(bundle, entry), root);
  const parsed = TrustedRoot.fromJSON(root);
  assert.deepEqual(
    parsed.tlogs.map(({ publicKey }) => publicKey?.validFor),
    [
      { start: from, end: until },
      { start: until, end: undefined },
    ],
  );
});

test("nothing that was beside a statement gets into its logged copy", async (t) => {
  const log = await makeLog(t);
  const { bundle, entry } = await signAndLog(log, statement, signer);
  const plain = JSON.parse(bundle.toString()) as Bundle;
  const crowded = {
    ...plain,
    unknown: true,
    verificationMaterial: {
      ...plain.verificationMaterial,
      tlogEntries: [{ logIndex: "1" }],
      timestampVerificationData: { rfc3161Timestamps: [{ signedTimestamp: "AAAA" }] },
    },
    dsseEnvelope: {
      ...plain.dsseEnvelope,
      signatures: plain.dsseEnvelope.signatures.map((signature) => ({ ...signature, keyid: "" })),
    },
  };
  const logged = withLogEntry(Buffer.from(JSON.stringify(crowded)), entry);
  assert.deepEqual(logged, withLogEntry(bundle, entry));
  assert.deepEqual((JSON.parse(logged.toString()) as Bundle).verificationMaterial.tlogEntries, [entry]);
  // Our own reader, which needs no log, takes it for the same statement.
  const finding = checkBundle(logged, verifyingKeys([signer.key]));
  assert.ok(finding.status === "signed" && finding.hasLogEntry);
  assert.equal(finding.payload.toString("base64"), plain.dsseEnvelope.payload);
});
