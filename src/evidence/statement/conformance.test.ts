/** The matrix of wrong bundles: each is one step away from a right one, and each ends in exactly one of checked, untrusted, refused. */
import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync, sign } from "node:crypto";
import { chmodSync, rmSync, writeFileSync } from "node:fs";
import test from "node:test";
import type { EvidenceItem } from "../evidence.ts";
import { hintOf } from "../keys/public-key.ts";
import { decide, requirementFor } from "../verify/decide.ts";
import { hexOf } from "../../oci/digest.ts";
import { parseImageManifest } from "../../oci/manifest.ts";
import { bundleAnnotations, bundleType } from "./bundle.ts";
import { readEvidence } from "./read-evidence.ts";
import {
  attachRaw,
  makeSigner,
  makeWorld,
  signRaw,
  statementAbout,
  types,
  type AttachedWorld,
  type RawBundle,
} from "./statement.fixture.ts";

const builder = makeSigner("builder");
const tester = makeSigner("tester");
const stranger = makeSigner("builder");
const trusted = [builder.key, tester.key];

type Row = {
  readonly name: string;
  readonly attach: (world: AttachedWorld) => Promise<unknown>;
  readonly status: EvidenceItem["status"];
  readonly kind?: EvidenceItem["kind"];
  readonly reason?: RegExp;
};

/** A right bundle of the builder about the image, and what a test changes in it before it is attached. */
function spoil(change: (bundle: RawBundle) => void, annotations?: Record<string, string>) {
  return async (world: AttachedWorld) => {
    const bundle = await signRaw(builder, statementAbout(world.image));
    change(bundle);
    return attachRaw(world, bundle, annotations === undefined ? {} : { annotations });
  };
}

/** A statement that the builder signs, with members of its own. */
function say(more: Record<string, unknown>, signer = builder) {
  return async (world: AttachedWorld) => attachRaw(world, await signRaw(signer, statementAbout(world.image, more)));
}

const other = "0".repeat(64);
const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** The other signature with the same meaning: (r, n − s). */
function highS(der: Buffer): Buffer {
  const rLength = der[3] ?? 0;
  const r = der.subarray(4, 4 + rLength);
  const s = BigInt(`0x${der.subarray(6 + rLength).toString("hex")}`);
  const low = s > order / 2n ? order - s : s;
  return derOf(r, integer(order - low));
}

function integer(value: bigint): Buffer {
  const bytes = Buffer.from(value.toString(16).padStart(64, "0"), "hex");
  return (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes;
}

function derOf(r: Buffer, s: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from([2, r.length]), r, Buffer.from([2, s.length]), s]);
  return Buffer.concat([Buffer.from([0x30, body.length]), body]);
}

function replaceSignature(make: (der: Buffer) => Buffer) {
  return spoil(({ dsseEnvelope }) => {
    const [signature] = dsseEnvelope.signatures;
    const der = Buffer.from(String(signature?.["sig"]), "base64");
    dsseEnvelope.signatures = [{ sig: make(der).toString("base64") }];
  });
}

const rows: readonly Row[] = [
  { name: "a right bundle", attach: say({}), status: "checked", kind: "provenance" },
  {
    name: "a wrong subject digest",
    attach: say({ subject: [{ digest: { sha256: other } }] }),
    status: "refused",
    reason: /about "sha256:0000/,
  },
  {
    name: "a subject by another algorithm alone",
    attach: say({ subject: [{ digest: { sha512: other } }] }),
    status: "refused",
    reason: /without a sha256 digest/,
  },
  { name: "no subject", attach: say({ subject: [] }), status: "refused", reason: /no in-toto statement: subject/ },
  {
    name: "two subjects, of which one is this image",
    attach: async (world) => {
      const [own] = statementAbout(world.image)["subject"] as object[];
      return attachRaw(
        world,
        await signRaw(builder, statementAbout(world.image, { subject: [{ digest: { sha256: other } }, own] })),
      );
    },
    status: "checked",
  },
  {
    name: "a wrong payload type",
    attach: async (world) => attachRaw(world, await signRaw(builder, statementAbout(world.image), "application/json")),
    status: "refused",
    reason: /payload is of the type "application\/json"/,
  },
  {
    name: "a wrong key",
    attach: say({}, stranger),
    status: "untrusted",
    reason: new RegExp(stranger.key.id.slice(0, 12)),
  },
  {
    name: "a key of another role",
    attach: say({}, tester),
    status: "untrusted",
    reason: /trusted as tester; this kind counts from a builder only/,
  },
  {
    name: "a truncated bundle",
    attach: async (world) => {
      const bundle = Buffer.from(JSON.stringify(await signRaw(builder, statementAbout(world.image))));
      return attachRaw(world, bundle.subarray(0, bundle.length - 20));
    },
    status: "refused",
    reason: /cut off/,
  },
  {
    name: "a truncated payload",
    attach: spoil(({ dsseEnvelope }) => {
      dsseEnvelope.payload = dsseEnvelope.payload.slice(0, 40);
    }),
    status: "refused",
    reason: /altered: it names the key/,
  },
  {
    name: "an empty payload",
    attach: spoil(({ dsseEnvelope }) => {
      dsseEnvelope.payload = "";
    }),
    status: "refused",
    reason: /payload is empty/,
  },
  {
    name: "a payload in another alphabet of base64",
    attach: async (world) => {
      const bundle = await signRaw(builder, `${JSON.stringify(statementAbout(world.image))}   ???>>>`);
      assert.match(bundle.dsseEnvelope.payload, /[+/]/);
      bundle.dsseEnvelope.payload = bundle.dsseEnvelope.payload.replaceAll("+", "-").replaceAll("/", "_");
      return attachRaw(world, bundle);
    },
    status: "refused",
    reason: /base64/,
  },
  {
    name: "a keyid",
    attach: spoil(({ dsseEnvelope }) => {
      dsseEnvelope.signatures = dsseEnvelope.signatures.map((one) => ({ ...one, keyid: builder.key.id }));
    }),
    status: "refused",
    reason: /keyid/,
  },
  {
    name: "an empty keyid, as some writers leave one",
    attach: spoil(({ dsseEnvelope }) => {
      dsseEnvelope.signatures = dsseEnvelope.signatures.map((one) => ({ ...one, keyid: "" }));
    }),
    status: "checked",
  },
  {
    name: "two signatures",
    attach: spoil(({ dsseEnvelope }) => {
      dsseEnvelope.signatures = [...dsseEnvelope.signatures, ...dsseEnvelope.signatures];
    }),
    status: "refused",
    reason: /2 signatures/,
  },
  {
    name: "no signature",
    attach: spoil(({ dsseEnvelope }) => {
      dsseEnvelope.signatures = [];
    }),
    status: "refused",
    reason: /0 signatures/,
  },
  {
    name: "two layers",
    attach: async (world) => {
      const content = Buffer.from(JSON.stringify(await signRaw(builder, statementAbout(world.image))));
      const layer = { mediaType: bundleType, content };
      return attachRaw(world, content, { layers: [layer, layer] });
    },
    status: "refused",
    reason: /2 layers/,
  },
  {
    name: "an empty referrer",
    attach: (world) => attachRaw(world, Buffer.alloc(0), { layers: [] }),
    status: "refused",
    reason: /empty/,
  },
  {
    name: "an unknown predicate",
    attach: say({ predicateType: "https://example.test/unknown/v1" }),
    status: "checked",
    kind: "other",
  },
  {
    name: "an unknown predicate of a stranger",
    attach: say({ predicateType: "https://example.test/unknown/v1" }, stranger),
    status: "untrusted",
    kind: "other",
  },
  {
    name: "an annotation that differs from the predicate type",
    attach: spoil(() => {}, { [bundleAnnotations.predicateType]: types.signature }),
    status: "refused",
    reason: /annotation says ".*cosign\/sign\/v1", its statement ".*slsa/,
  },
  {
    name: "an annotation that is right",
    attach: spoil(() => {}, { [bundleAnnotations.predicateType]: types.provenance }),
    status: "checked",
  },
  {
    name: "a failed test, signed by the builder to pass for a signature",
    attach: say({ predicateType: types.tests, predicate: { result: "FAILED" } }),
    status: "untrusted",
    kind: "tests",
    reason: /counts from a tester only/,
  },
  {
    name: "a failed test, annotated as a signature",
    attach: async (world) => {
      const failed = statementAbout(world.image, { predicateType: types.tests, predicate: { result: "FAILED" } });
      const annotations = { [bundleAnnotations.predicateType]: types.signature };
      return attachRaw(world, await signRaw(tester, failed), { annotations });
    },
    status: "refused",
  },
  {
    name: "a statement of in-toto v0.1, as cosign attest writes it",
    attach: say({ _type: "https://in-toto.io/Statement/v0.1" }),
    status: "checked",
  },
  {
    name: "a statement of another type",
    attach: say({ _type: "https://in-toto.io/Statement/v2" }),
    status: "refused",
    reason: /_type/,
  },
  {
    name: "a predicate type that is no text",
    attach: say({ predicateType: [types.provenance] }),
    status: "refused",
    reason: /predicateType/,
  },
  {
    name: "a payload that is no JSON",
    attach: async (world) => attachRaw(world, await signRaw(builder, "hello")),
    status: "refused",
    reason: /no in-toto statement/,
  },
  ...[
    "application/vnd.dev.sigstore.bundle+json;version=0.1",
    "application/vnd.dev.sigstore.bundle+json;version=0.2",
  ].flatMap((mediaType): Row[] => [
    {
      name: `a bundle that says it is ${mediaType}`,
      attach: spoil((bundle) => {
        bundle.mediaType = mediaType;
      }),
      status: "refused",
      reason: /only v0\.3 is read/,
    },
    {
      name: `an artifact of the type ${mediaType}`,
      attach: async (world) => {
        const content = Buffer.from(JSON.stringify(await signRaw(builder, statementAbout(world.image))));
        return attachRaw(world, content, { artifactType: mediaType, layers: [{ mediaType, content }] });
      },
      status: "refused",
      reason: /version=0\.[12]"; only/,
    },
  ]),
  {
    name: "a layer of another type than its artifact",
    attach: async (world) => {
      const content = Buffer.from(JSON.stringify(await signRaw(builder, statementAbout(world.image))));
      return attachRaw(world, content, { layers: [{ mediaType: "application/json", content }] });
    },
    status: "refused",
    reason: /"application\/json"/,
  },
  {
    name: "a signature in the other half of the group, which cosign takes",
    attach: replaceSignature(highS),
    status: "checked",
  },
  {
    name: "a signature of random bytes",
    attach: replaceSignature(() => Buffer.from("garbage".repeat(10))),
    status: "refused",
    reason: /DER/,
  },
  {
    name: "a signature with bytes after it",
    attach: replaceSignature((der) => Buffer.concat([der, Buffer.from([0])])),
    status: "refused",
    reason: /DER/,
  },
  {
    name: "a signature of zeros",
    attach: replaceSignature(() => derOf(Buffer.from([0]), Buffer.from([0]))),
    status: "refused",
    reason: /DER/,
  },
  { name: "a signature of P-384", attach: signedBy("P-384"), status: "refused", reason: /none of ECDSA P-256/ },
  { name: "a signature of Ed25519", attach: signedBy("Ed25519"), status: "refused", reason: /none of ECDSA P-256/ },
  { name: "a signature of RSA", attach: signedBy("RSA"), status: "refused", reason: /none of ECDSA P-256/ },
  {
    name: "a hint that names no key, with a signature of a trusted one",
    attach: spoil(({ verificationMaterial }) => {
      verificationMaterial["publicKey"] = { hint: "nobody" };
    }),
    status: "checked",
  },
  {
    name: "a hint that names another trusted key",
    attach: spoil(({ verificationMaterial }) => {
      verificationMaterial["publicKey"] = { hint: hintOf(tester.key.id) };
    }),
    status: "checked",
  },
  {
    name: "a trusted key's hint on a stranger's signature",
    attach: async (world) => {
      const bundle = await signRaw(stranger, statementAbout(world.image));
      bundle.verificationMaterial["publicKey"] = { hint: hintOf(builder.key.id) };
      return attachRaw(world, bundle);
    },
    status: "refused",
    reason: /altered/,
  },
  {
    name: "entries of a log that nobody here knows",
    attach: spoil(({ verificationMaterial }) => {
      verificationMaterial["tlogEntries"] = [{ logIndex: "1", logId: { keyId: "AAAA" }, integratedTime: "1700000000" }];
    }),
    status: "checked",
  },
  {
    name: "a certificate in place of a key",
    attach: spoil((bundle) => {
      bundle.verificationMaterial = { certificate: { rawBytes: "AAAA" } };
    }),
    status: "untrusted",
    reason: /certificate/,
  },
  {
    name: "a bundle that signs a file",
    attach: spoil((bundle) => {
      bundle["messageSignature"] = { signature: "AAAA" };
      Reflect.deleteProperty(bundle, "dsseEnvelope");
    }),
    status: "refused",
    reason: /signs a file/,
  },
  {
    name: "a second envelope under the other name that protobuf allows",
    attach: spoil((bundle) => {
      bundle["dsse_envelope"] = bundle.dsseEnvelope;
    }),
    status: "refused",
    reason: /dsse_envelope/,
  },
  {
    name: "a signed file beside the statement",
    attach: spoil((bundle) => {
      bundle["messageSignature"] = { signature: "AAAA" };
    }),
    status: "refused",
    reason: /not both/,
  },
  {
    name: "a certificate beside the key",
    attach: spoil(({ verificationMaterial }) => {
      verificationMaterial["certificate"] = { rawBytes: "AAAA" };
    }),
    status: "refused",
    reason: /verificationMaterial: expected one signer/,
  },
  {
    name: "a byte order mark before the bundle",
    attach: async (world) =>
      attachRaw(world, Buffer.from(`\ufeff${JSON.stringify(await signRaw(builder, statementAbout(world.image)))}`)),
    status: "refused",
    reason: /no sigstore bundle/,
  },
  {
    name: "a byte order mark before the payload",
    attach: async (world) =>
      attachRaw(world, await signRaw(builder, `\ufeff${JSON.stringify(statementAbout(world.image))}`)),
    status: "refused",
    reason: /no in-toto statement/,
  },
  {
    name: "a subject digest in upper case, which is none of OCI",
    attach: async (world) => say({ subject: [{ digest: { sha256: hexOf(world.image.digest).toUpperCase() } }] })(world),
    status: "refused",
    reason: /not about this image/,
  },
  {
    name: "a subject whose digest is in a prototype",
    attach: async (world) => {
      const payload = JSON.stringify(statementAbout(world.image))
        .replace('"sha256":', '"__proto__":{"sha256":')
        .replace("}}]", "}}}]");
      return attachRaw(world, await signRaw(builder, payload));
    },
    status: "refused",
    reason: /without a sha256|no in-toto statement/,
  },
  {
    name: "many small parts, which take gigabytes to parse",
    attach: async (world) => {
      const text = JSON.stringify(await signRaw(builder, statementAbout(world.image)));
      const entries = `"tlogEntries":[[${"{},".repeat(100_000)}{}]],`;
      return attachRaw(world, Buffer.from(text.replace('"publicKey"', `${entries}"publicKey"`)));
    },
    status: "refused",
    reason: /no sigstore bundle/,
  },
  {
    name: "a bundle that is missing",
    attach: async (world) => rmSync(world.layout.blobPath(await bundleOf(world))),
    status: "refused",
    reason: /bundle is missing/,
  },
  {
    name: "a bundle that was damaged in the store",
    attach: async (world) => {
      const path = world.layout.blobPath(await bundleOf(world));
      chmodSync(path, 0o644);
      writeFileSync(path, "{}");
    },
    status: "refused",
    reason: /bundle is damaged/,
  },
  {
    name: "a manifest that is missing",
    attach: async (world) => {
      const descriptor = await say({})(world);
      rmSync(world.layout.blobPath(descriptor.digest));
    },
    status: "refused",
    reason: /missing/,
  },
];

async function bundleOf(world: AttachedWorld) {
  const descriptor = await say({})(world);
  const [layer] = parseImageManifest(world.layout.readBlob(descriptor.digest)).layers;
  assert.ok(layer);
  return layer.digest;
}

function signedBy(kind: "P-384" | "RSA" | "Ed25519") {
  const pair = {
    "P-384": () => generateKeyPairSync("ec", { namedCurve: "P-384" }),
    RSA: () => generateKeyPairSync("rsa", { modulusLength: 2048 }),
    Ed25519: () => generateKeyPairSync("ed25519"),
  }[kind]();
  const digest = kind === "Ed25519" ? null : "sha256";
  const key = {
    ...builder.key,
    pem: createPublicKey(pair.privateKey).export({ type: "spki", format: "pem" }).toString(),
  };
  return async (world: AttachedWorld) => {
    const signer = { ...builder, key, sign: async (bytes: Uint8Array) => sign(digest, bytes, pair.privateKey) };
    return attachRaw(world, await signRaw(signer, statementAbout(world.image)));
  };
}

for (const { name, attach, status, kind, reason } of rows) {
  test(`${name}: ${status}`, async (t) => {
    const world = await makeWorld(t);
    await attach(world);
    const items = readEvidence(world.layout, world.image.digest, trusted);
    assert.equal(items.length, 1);
    const [item] = items;
    assert.equal(item?.status, status, JSON.stringify(item));
    if (kind !== undefined) assert.equal(item.kind, kind);
    if (reason !== undefined) assert.match(item.status === "checked" ? "" : item.reason, reason);
    // Whatever it is, only what is checked may prove the image.
    const decision = decide(items, [requirementFor("signature")]);
    assert.equal(decision.missing.length, 1);
    assert.equal(decision.proven.length, status === "checked" ? 1 : 0);
  });
}
