/** What is logged of one signature: what was signed, the signature, and by which key. */
export type LoggedSignature = {
  /** SHA-256 of what was signed, 32 bytes: for a DSSE envelope of its pre-authentication encoding, not of its payload. */
  readonly digest: Buffer;
  /** ECDSA-Sig-Value in DER, the very bytes of the bundle. */
  readonly signature: Buffer;
  /** SubjectPublicKeyInfo in DER of an ECDSA P-256 key, its point uncompressed. */
  readonly publicKey: Buffer;
};

/**
 * The entry of a signature, as Rekor v2 writes it: a `hashedrekord` 0.0.2 in canonical JSON (RFC 8785). Verifiers make these bytes anew from the bundle and look for
 * their hash in the tree, so each of them counts: the members are in sorted order here, and base64 needs no escapes.
 */
export function hashedRekordEntry({ digest, signature, publicKey }: LoggedSignature): Buffer {
  return Buffer.from(
    JSON.stringify({
      apiVersion: hashedRekord.version,
      kind: hashedRekord.kind,
      spec: {
        hashedRekordV002: {
          data: { algorithm: "SHA2_256", digest: digest.toString("base64") },
          signature: {
            content: signature.toString("base64"),
            verifier: {
              keyDetails: "PKIX_ECDSA_P256_SHA_256",
              publicKey: { rawBytes: publicKey.toString("base64") },
            },
          },
        },
      },
    }),
  );
}

/** rekor-tiles, api/proto/rekor/v2/entry.proto. */
export const hashedRekord = { kind: "hashedrekord", version: "0.0.2" } as const;
