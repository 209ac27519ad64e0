import type { Message, PublicKey, SignaturePacket } from "openpgp";
import { IngotError } from "../../ground/error.ts";
import { parseCleartext } from "./cleartext.ts";
import type { Keyring } from "./keyring.ts";

export type VerifiedText = {
  /** The signed text: nothing else of the file may be read. */
  readonly text: string;
  /** Fingerprints of the trusted keys that signed it: primary keys, upper-case hex, sorted. */
  readonly signedBy: readonly string[];
};

/** How far a mirror's or signer's clock may be ahead of ours. */
export const allowedClockSkew = 10 * 60 * 1000;

/**
 * Verifies a clear-signed file (InRelease) and returns its signed text. One good signature by a trusted key is enough: Debian signs with the
 * outgoing and the incoming key, and a host knows perhaps only one. Throws `archive-unsigned`, `archive-key-unknown`, `archive-key-expired`,
 * `archive-from-future` or `archive-signature-bad`. `where` names the file in messages.
 */
export async function verifySignedText(content: string, check: SignatureCheck): Promise<VerifiedText> {
  const openpgp = await import("openpgp");
  const { text, signature } = parseCleartext(content, check.where);
  const packets = await readPackets(signature, check.where);
  const message = await openpgp.createMessage({ text });
  const verdicts = await Promise.all(packets.map((packet) => judge(packet, message, check)));
  const signedBy = verdicts.flatMap((verdict) => (verdict.kind === "good" ? [verdict.fingerprint] : []));
  if (signedBy.length === 0) throw refusal(verdicts, check);
  return { text, signedBy: [...new Set(signedBy)].toSorted() };
}

export type SignatureCheck = { readonly keyring: Keyring; readonly now: Date; readonly where: string };

/** One signature's outcome; the order of `severity` decides which one a person is told of when none is good. */
type Verdict =
  | { readonly kind: "good"; readonly fingerprint: string }
  | { readonly kind: "bad" | "expired" | "revoked" | "weak" | "future" | "unknown"; readonly keyId: string };

const severity = ["bad", "weak", "revoked", "expired", "future", "unknown"] as const;

async function readPackets(armoredSignature: string, where: string): Promise<readonly SignaturePacket[]> {
  const { readSignature } = await import("openpgp");
  try {
    return [...(await readSignature({ armoredSignature })).packets];
  } catch (error) {
    throw badSignature(`the signature of ${where} cannot be read`, error);
  }
}

async function judge(packet: SignaturePacket, message: Message<string>, check: SignatureCheck): Promise<Verdict> {
  const keyId = packet.issuerKeyID.toHex().toUpperCase();
  // S1. The key is in the keyring. Attack: an archive signed by the attacker's own key.
  const keys = check.keyring.keys.filter((key) => isTrusted(key, packet, check.keyring.fingerprints));
  // Key ids are 64 bits and collide by design of an attacker: every key with this id gets its chance.
  const verdicts = await Promise.all(keys.map((key) => judgeByKey(packet, message, { ...check, key })));
  const kinds = new Map(verdicts.map((verdict) => [verdict.kind, verdict]));
  return (
    kinds.get("good") ?? kinds.get(severity.find((kind) => kinds.has(kind)) ?? "unknown") ?? { kind: "unknown", keyId }
  );
}

function isTrusted(key: PublicKey, packet: SignaturePacket, fingerprints: readonly string[]): boolean {
  const signers = key.getKeys(packet.issuerKeyID);
  if (fingerprints.length === 0) return signers.length > 0;
  return signers.some((signer) =>
    [key, signer].some((owner) => fingerprints.includes(owner.getFingerprint().toUpperCase())),
  );
}

async function judgeByKey(
  packet: SignaturePacket,
  message: Message<string>,
  check: SignatureCheck & { readonly key: PublicKey },
): Promise<Verdict> {
  const { enums } = await import("openpgp");
  const { key, now } = check;
  const keyId = packet.issuerKeyID.toHex().toUpperCase();
  // S2. A hash that nobody can forge. Attack: a collision in MD5 or SHA-1 gives two files one signature.
  const strong: readonly (number | null)[] = [enums.hash.sha256, enums.hash.sha384, enums.hash.sha512];
  if (!strong.includes(packet.hashAlgorithm)) return { kind: "weak", keyId };
  // S3. The signature is not from the future. Attack: one made in store, for when its key has leaked and been replaced.
  if ((packet.created?.getTime() ?? Infinity) > now.getTime() + allowedClockSkew) return { kind: "future", keyId };
  // S4. The key is neither expired nor revoked today. Attack: a retired key was stolen.
  const signer = await key.getSigningKey(packet.issuerKeyID, now).catch(() => undefined);
  if (!signer) return { kind: (await isRevoked(key, now)) ? "revoked" : "expired", keyId };
  // S5. The signature fits text and key. Attack: altered content.
  if (!(await isGenuine(packet, message, check))) return { kind: "bad", keyId };
  return { kind: "good", fingerprint: key.getFingerprint().toUpperCase() };
}

async function isRevoked(key: PublicKey, now: Date): Promise<boolean> {
  return key.isRevoked(undefined, undefined, now);
}

async function isGenuine(
  packet: SignaturePacket,
  message: Message<string>,
  check: SignatureCheck & { readonly key: PublicKey },
): Promise<boolean> {
  const { PacketList, Signature, verify } = await import("openpgp");
  const list = new PacketList<SignaturePacket>();
  list.push(packet);
  const { signatures } = await verify({
    message,
    signature: new Signature(list),
    verificationKeys: check.key,
    date: new Date(check.now.getTime() + allowedClockSkew),
    // A key whose life was prolonged after it signed has only self-signatures that are newer than ours; S4 asks for today's validity.
    config: { allowInsecureVerificationWithReformattedKeys: true },
  });
  // Empty when the packet is another kind of signature, such as a certification, which covers no text.
  const verified = await Promise.allSettled(signatures.map((signature) => signature.verified));
  return verified.length === 1 && verified.every((result) => result.status === "fulfilled");
}

function refusal(verdicts: readonly Verdict[], check: SignatureCheck): IngotError {
  const kind = severity.find((candidate) => verdicts.some((verdict) => verdict.kind === candidate));
  const ids = verdicts.flatMap((verdict) => (verdict.kind !== "good" && verdict.kind === kind ? [verdict.keyId] : []));
  return describe(kind, { ids: [...new Set(ids)].join(", "), from: check.keyring.from, where: check.where });
}

function describe(
  kind: Exclude<Verdict["kind"], "good"> | undefined,
  { ids, from, where }: { ids: string; from: string; where: string },
): IngotError {
  switch (kind) {
    case "bad":
      return badSignature(`the signature of ${where} by key ${ids} does not fit its content`);
    case "weak":
      return badSignature(`${where} is signed by key ${ids} over a hash weaker than SHA-256, which can be forged`);
    case "revoked":
      return new IngotError("archive-key-expired", `${where} is signed by key ${ids}, which is revoked`, newKeyring);
    case "expired":
      return new IngotError("archive-key-expired", `${where} is signed by key ${ids}, which has expired`, newKeyring);
    case "future":
      return new IngotError("archive-from-future", `${where} is signed at a time in the future, by key ${ids}`, {
        hint: "check this host's clock",
      });
    case "unknown":
      return new IngotError("archive-key-unknown", `${where} is signed by key ${ids}, and ${from} has no such key`, {
        hint: "if you trust that key, name a keyring file that has it by keyring: in ingot.yaml, or upgrade debian-archive-keyring",
      });
    case undefined:
      return badSignature(`the signature block of ${where} holds no signature`);
  }
}

const newKeyring = {
  hint: "apt-get install debian-archive-keyring for the present keys, or name a newer keyring: in ingot.yaml",
};

function badSignature(message: string, cause?: unknown): IngotError {
  return new IngotError("archive-signature-bad", message, {
    cause,
    hint: "the mirror or someone before it changes files: try another mirror",
  });
}
