import type { TransparencyLogEntry } from "./transparency-log-entry.ts";

/** The members of a sigstore bundle v0.3 that a statement of a key has. */
type KeyBundle = {
  readonly mediaType: string;
  readonly verificationMaterial: { readonly publicKey: { readonly hint?: string } };
  readonly dsseEnvelope: {
    readonly payload: string;
    readonly payloadType: string;
    readonly signatures: readonly { readonly sig: string }[];
  };
};

/**
 * The same statement, by the same signature, with its place in our log. Takes the JSON of a bundle that was checked (`checkBundle` of the room evidence). Only what
 * verifiers need is taken over: an entry of another log, a timestamp or a member that the sender put beside it could make a verifier refuse the whole bundle.
 */
export function withLogEntry(bundle: Buffer, entry: TransparencyLogEntry): Buffer {
  const { mediaType, verificationMaterial, dsseEnvelope } = JSON.parse(bundle.toString("utf8")) as KeyBundle;
  const { payload, payloadType, signatures } = dsseEnvelope;
  return Buffer.from(
    JSON.stringify({
      dsseEnvelope: { payload, payloadType, signatures: signatures.map(({ sig }) => ({ sig })) },
      mediaType,
      verificationMaterial: { publicKey: verificationMaterial.publicKey, tlogEntries: [entry] },
    }),
  );
}
