import { z } from "zod";
import { bundleType } from "./bundle.ts";
import { parseStrictJson } from "./strict-json.ts";

/** The JSON of a bundle; undefined for what is none, or what no bundle can be. */
export function parseBundle(content: Buffer): unknown {
  // Attack: many megabytes of `{},{},{}`, each of which takes gigabytes and ten seconds to parse.
  if (partsOf(content) > mostParts) return undefined;
  return parseStrictJson(content);
}

/** Of any version. */
export const typeSchema = z.looseObject({ mediaType: z.string() });

/** Exactly one way to write the same bytes: without it two readers of one text could see two payloads. */
const base64 = z.string().refine((text) => Buffer.from(text, "base64").toString("base64") === text, {
  message: "expected standard base64",
});

/** Attack: of two members that the format calls `oneof`, this verifier reads the one and another the other. */
function atMostOne(...members: readonly unknown[]): boolean {
  return members.filter((member) => member !== undefined).length <= 1;
}

/** sigstore_bundle.proto, as JSON; unknown members are refused, as protojson does. */
export const bundleSchema = z
  .strictObject({
    mediaType: z.literal(bundleType),
    verificationMaterial: z
      .strictObject({
        publicKey: z.strictObject({ hint: z.string().max(1024).exactOptional() }).exactOptional(),
        certificate: z.unknown().exactOptional(),
        x509CertificateChain: z.unknown().exactOptional(),
        tlogEntries: z.array(z.unknown()).max(32).exactOptional(),
        timestampVerificationData: z.unknown().exactOptional(),
      })
      .refine(({ publicKey, certificate, x509CertificateChain: chain }) => atMostOne(publicKey, certificate, chain), {
        message: "expected one signer",
      }),
    dsseEnvelope: z
      .strictObject({
        payload: base64,
        payloadType: z.string(),
        signatures: z.array(z.strictObject({ sig: base64, keyid: z.string().exactOptional() })),
      })
      .exactOptional(),
    messageSignature: z.unknown().exactOptional(),
  })
  .refine(({ dsseEnvelope, messageSignature }) => atMostOne(dsseEnvelope, messageSignature), {
    message: "expected a statement or a signed file, not both",
  });

export type ParsedBundle = z.infer<typeof bundleSchema>;

/** Entries of logs with their proofs, certificates and timestamps are some hundred. */
const mostParts = 100_000;

/** Of the characters that begin a value: the payload is base64, which has none of them. Counts no further than it must. */
function partsOf(content: Buffer): number {
  let parts = 0;
  for (const mark of ["{", "[", ","]) {
    for (let at = content.indexOf(mark); at !== -1 && parts <= mostParts; at = content.indexOf(mark, at + 1))
      parts += 1;
  }
  return parts;
}
