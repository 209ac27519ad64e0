import { createPublicKey, type KeyObject } from "node:crypto";
import { bundleFromJSON } from "@sigstore/bundle";
import { toSignedEntity, VerificationError, Verifier } from "@sigstore/verify";
import type { z } from "zod";
import type { TrustedKey } from "../evidence.ts";
import { shortId } from "../keys/key-folder.ts";
import { hintOf } from "../keys/public-key.ts";
import { bundleType } from "./bundle.ts";
import { bundleSchema, parseBundle, typeSchema, type ParsedBundle } from "./bundle-schema.ts";
import { payloadType } from "./envelope.ts";
import { isDerSignature } from "./der-signature.ts";
import { quote } from "./statement.ts";

/** A trusted public key, ready to verify with, and every role it is trusted for. */
export type VerifyingKey = { readonly id: string; readonly key: KeyObject; readonly trusted: readonly TrustedKey[] };

/** What a bundle proves: `payload` was signed with `key`. Or why nothing. */
export type BundleFinding =
  | ({ readonly status: "signed"; readonly payload: Buffer; readonly key: VerifyingKey } & Carried)
  | ({ readonly status: "untrusted"; readonly reason: string } & Carried)
  | { readonly status: "refused"; readonly reason: string };

/** `signature`: as in the bundle, in base64. `hasLogEntry`: there is an entry of some log beside it, which is not checked. */
export type Carried = { readonly signature: string; readonly hasLogEntry: boolean };

/** Each key once, opened, with all the roles that it is trusted for. */
export function verifyingKeys(trusted: readonly TrustedKey[]): readonly VerifyingKey[] {
  const byId = Map.groupBy(trusted, ({ id }) => id);
  return [...byId].map(([id, keys]) => ({ id, key: createPublicKey(keys[0]?.pem ?? ""), trusted: keys }));
}

/** Checks one bundle from its bytes to its signature. Nothing of the payload is looked at. Sections are those of sigstore's bundle format and of DSSE. */
export function checkBundle(content: Buffer, keys: readonly VerifyingKey[]): BundleFinding {
  const json = parseBundle(content);
  // 1. Bundle: media_type. Attack: an older version, whose checks are weaker, is asked for by the bundle itself.
  const mediaType = typeSchema.safeParse(json).data?.mediaType;
  if (mediaType !== bundleType) {
    return refused(
      mediaType === undefined
        ? "it is cut off, or no sigstore bundle"
        : `its bundle is of the type ${quote(mediaType)}; only v0.3 is read`,
    );
  }
  // 2. Bundle: the message. Attack: members that one reader knows and another ignores; as in protojson, unknown ones are refused.
  const parsed = bundleSchema.safeParse(json);
  if (!parsed.success) return refused(`its bundle is malformed: ${describeIssue(parsed.error)}`);
  const { verificationMaterial: material, dsseEnvelope: envelope } = parsed.data;
  if (envelope === undefined) return refused("its bundle signs a file, not a statement");
  // 3. DSSE protocol: the type is part of what is signed, and must be one that we understand.
  if (envelope.payloadType !== payloadType) return refused(`its payload is of the type ${quote(envelope.payloadType)}`);
  if (envelope.payload === "") return refused("its payload is empty");
  // 4. Bundle: dsse_envelope "MUST contain only one signature". Attack: one of a trusted key beside a second one, which another verifier reads.
  const [signature, second] = envelope.signatures;
  if (signature === undefined || second !== undefined) {
    return refused(`it has ${envelope.signatures.length} signatures; a bundle has exactly one`);
  }
  // 5. DSSE envelope: keyid is a hint that nothing covers. cosign skips a signature that has one.
  if ((signature.keyid ?? "") !== "") return refused("its signature has a keyid, which a bundle must not have");
  // 6. ECDSA-Sig-Value, RFC 3279 section 2.2.3: bytes that are no signature of any key.
  if (!isDerSignature(Buffer.from(signature.sig, "base64")))
    return refused("its signature is none of ECDSA P-256 in DER");
  const carried = { signature: signature.sig, hasLogEntry: (material.tlogEntries ?? []).length > 0 };
  // 7. Bundle: verification_material. A certificate proves an identity at a moment, which needs roots that a person trusts: not a key.
  if (material.publicKey === undefined)
    return {
      status: "untrusted",
      reason: "it is signed with a certificate, and only keys are trusted here",
      ...carried,
    };
  return findSigner({ json: parsed.data, hint: material.publicKey.hint ?? "", keys, carried });
}

/** 8. DSSE protocol: the signature over the pre-authentication encoding, by sigstore's own verifier. */
function findSigner({
  json,
  hint,
  keys,
  carried,
}: {
  json: ParsedBundle;
  hint: string;
  keys: readonly VerifyingKey[];
  carried: Carried;
}): BundleFinding {
  const named = keys.find(({ id }) => hintOf(id) === hint);
  // Log entries and timestamps are proofs for other verifiers: without their keys nothing can be said of them, and it is our key that is trusted.
  const { dsseEnvelope, mediaType } = json;
  const bundle = bundleFromJSON({ mediaType, verificationMaterial: { publicKey: { hint } }, dsseEnvelope });
  const entity = toSignedEntity(bundle);
  // The hint is not signed: a wrong one hides nothing, all keys are tried.
  const ordered = named === undefined ? keys : [named, ...keys.filter((key) => key !== named)];
  const key = ordered.find((candidate) => isSignedWith(entity, candidate.key));
  if (key !== undefined) {
    return { status: "signed", payload: Buffer.from(dsseEnvelope?.payload ?? "", "base64"), key, ...carried };
  }
  // 9. Attack: a statement of a trusted key, altered after it was signed.
  if (named !== undefined)
    return refused(`it was altered: it names the key ${shortId(named.id)}, whose signature it does not carry`);
  return { status: "untrusted", reason: `no trusted key made its signature${describeHint(hint)}`, ...carried };
}

function isSignedWith(entity: ReturnType<typeof toSignedEntity>, publicKey: KeyObject): boolean {
  const material = {
    certificateAuthorities: [],
    timestampAuthorities: [],
    tlogs: [],
    ctlogs: [],
    publicKey: () => ({ publicKey, validFor: () => true }),
  };
  const verifier = new Verifier(material, { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0 });
  try {
    verifier.verify(entity);
    return true;
  } catch (error) {
    if (error instanceof VerificationError) return false;
    throw error;
  }
}

function describeIssue(error: z.ZodError): string {
  const [issue] = error.issues;
  return `${issue?.path.join(".") || "the whole"}: ${issue?.message.slice(0, 200)}`;
}

function describeHint(hint: string): string {
  const bytes = Buffer.from(hint, "base64");
  return bytes.length === 32 ? `; it names the key ${shortId(bytes.toString("hex"))}` : "";
}

function refused(reason: string): BundleFinding {
  return { status: "refused", reason };
}
