import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { canonicalJson } from "../../oci/canonical-json.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { hexOf } from "../../oci/digest.ts";
import { openLayout, type Layout } from "../../oci/layout.ts";
import { attachArtifact, type Artifact } from "../../oci/referrers.ts";
import { putTinyImage } from "../../oci/tiny-image.fixture.ts";
import { statementKinds, type Role } from "../evidence.ts";
import { describeKey, hintOf } from "../keys/public-key.ts";
import { signWith, type Signer } from "../keys/signer.ts";
import { bundleAnnotations, bundleType } from "./bundle.ts";

/** A signer with a key of its own, made in a millisecond: passphrases are tested elsewhere. */
export function makeSigner(role: Role): Signer {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return signWith(privateKey, { ...describeKey(createPublicKey(privateKey), "a test"), role, from: `${role}.pub` });
}

export type AttachedWorld = { readonly layout: Layout; readonly image: Descriptor };

/** A layout, in memory where there is such a folder, with one tiny image named `shop/web`. */
export async function makeWorld(t: { readonly after: (work: () => void) => void }): Promise<AttachedWorld> {
  const folder = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "ingot-evidence-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const layout = openLayout(join(folder, "store"));
  const image = putTinyImage(layout, { text: "hello" });
  await layout.setReference("shop/web", image);
  return { layout, image };
}

/** The parts of a bundle as JSON, for a test to spoil. */
export type RawBundle = {
  mediaType: unknown;
  verificationMaterial: Record<string, unknown>;
  dsseEnvelope: {
    payload: string;
    payloadType: string;
    signatures: Record<string, unknown>[];
    [more: string]: unknown;
  };
  [more: string]: unknown;
};

export const types = {
  signature: statementKinds.signature.predicateType,
  provenance: statementKinds.provenance.predicateType,
  tests: statementKinds.tests.predicateType,
} as const;

/** A statement about the image; `more` replaces members. */
export function statementAbout(image: Descriptor, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    _type: "https://in-toto.io/Statement/v1",
    subject: [{ digest: { sha256: hexOf(image.digest) } }],
    predicateType: types.provenance,
    predicate: { made: "for a test" },
    ...more,
  };
}

/** Signs any bytes as any payload type, written apart from the code under test: DSSE protocol, section "Signature Definition". */
export async function signRaw(
  signer: Signer,
  payload: string | Uint8Array | object,
  payloadType = "application/vnd.in-toto+json",
): Promise<RawBundle> {
  const bytes =
    typeof payload === "string" || payload instanceof Uint8Array ? Buffer.from(payload) : canonicalJson(payload);
  const signed = Buffer.concat([Buffer.from(`DSSEv1 ${payloadType.length} ${payloadType} ${bytes.length} `), bytes]);
  const signature = await signer.sign(signed);
  return {
    mediaType: bundleType,
    verificationMaterial: { publicKey: { hint: hintOf(signer.key.id) } },
    dsseEnvelope: {
      payload: bytes.toString("base64"),
      payloadType,
      signatures: [{ sig: signature.toString("base64") }],
    },
  };
}

/** Attaches a bundle, or whatever a test gives for one, as cosign does; `artifact` replaces parts of it. */
export function attachRaw(
  { layout, image }: AttachedWorld,
  bundle: RawBundle | Buffer,
  artifact: Partial<Artifact> = {},
): Promise<Descriptor> {
  const content = Buffer.isBuffer(bundle) ? bundle : Buffer.from(JSON.stringify(bundle));
  return attachArtifact(layout, image, {
    artifactType: bundleType,
    layers: [{ mediaType: bundleType, content }],
    annotations: { [bundleAnnotations.content]: "dsse-envelope" },
    ...artifact,
  });
}
