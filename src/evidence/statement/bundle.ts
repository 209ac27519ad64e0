import { canonicalJson } from "../../oci/canonical-json.ts";
import { hintOf } from "../keys/public-key.ts";
import { payloadType, preAuthEncoding } from "./envelope.ts";

/** Media type of the bundle, and artifact type of the manifest that attaches it. */
export const bundleType = "application/vnd.dev.sigstore.bundle.v0.3+json";

/** Annotations of the manifest that attaches a bundle (cosign, specs/BUNDLE_SPEC.md). */
export const bundleAnnotations = {
  content: "dev.sigstore.bundle.content",
  predicateType: "dev.sigstore.bundle.predicateType",
} as const;

/** Whoever signs, by the id of the key alone. */
export type StatementSigner = {
  readonly key: { readonly id: string };
  readonly sign: (bytes: Uint8Array) => Promise<Buffer>;
};

/** Signs a statement: a sigstore bundle v0.3 with a DSSE envelope, whose key is named by the hint alone. */
export async function signBundle(statement: Buffer, signer: StatementSigner): Promise<Buffer> {
  const signature = await signer.sign(preAuthEncoding(statement));
  return canonicalJson({
    mediaType: bundleType,
    verificationMaterial: { publicKey: { hint: hintOf(signer.key.id) } },
    dsseEnvelope: {
      payload: statement.toString("base64"),
      payloadType,
      // Without `keyid`: cosign, which knows no ids of keys, takes no signature that names one.
      signatures: [{ sig: signature.toString("base64") }],
    },
  });
}
