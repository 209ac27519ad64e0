import { logIdOf, logPublicKey } from "./log-id.ts";

/** A key that signs, or signed, the checkpoints of the signature log, as a vkey. `until` is when another took its place. */
export type TrustedLogKey = { readonly verifierKey: string; readonly from: Date; readonly until?: Date };

/**
 * The trusted root of sigstore (`TrustedRoot` of sigstore_trustroot.proto, as JSON) that names our signature log and nothing else: what `cosign verify --key … --trusted-root`
 * takes. The host of `baseUrl` must be the name in the keys: it is by it that verifiers know the log's checkpoints.
 */
export function trustedRoot({
  baseUrl,
  keys,
}: {
  readonly baseUrl: string;
  readonly keys: readonly TrustedLogKey[];
}): object {
  return {
    mediaType: "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
    tlogs: keys.map(({ verifierKey, from, until }) => ({
      baseUrl,
      hashAlgorithm: "SHA2_256",
      publicKey: {
        rawBytes: logPublicKey(verifierKey),
        keyDetails: "PKIX_ED25519",
        validFor: { start: from.toISOString(), ...(until === undefined ? {} : { end: until.toISOString() }) },
      },
      logId: { keyId: logIdOf(verifierKey) },
    })),
  };
}

/** The name of the signature log of a controller at `baseUrl`: the bare host, without port, as sigstore's verifiers expect in its checkpoints. */
export function signatureLogName(baseUrl: string): string {
  return new URL(baseUrl).hostname.replace(/^\[|\]$/g, "");
}
