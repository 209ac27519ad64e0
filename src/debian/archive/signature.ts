import type { Message, PublicKey, SignaturePacket } from "openpgp";
import { parseCleartext } from "./cleartext.ts";
import type { Keyring } from "./keyring.ts";
import { badSignature, refusal, severity, type Verdict } from "./verdict.ts";

export type VerifiedText = {
  /** The signed text: nothing else of the file may be read. */
  readonly text: string;
  /** Fingerprints of the trusted keys that signed it: primary keys, upper-case hex, sorted. */
  readonly signedBy: readonly string[];
};

/** How far a mirror's or signer's clock may be ahead of ours. */
export const allowedClockSkew = 10 * 60 * 1000;

/**
 * Verifies a clear-signed file (InRelease) and returns its signed text. One good signature by a trusted key is
 * enough: Debian signs with the outgoing and the incoming key, and a host knows perhaps only one. Throws
 * `archive-unsigned`, `archive-key-unknown`, `archive-key-expired`, `archive-from-future` or `archive-signature-bad`.
 * `where` names the file in messages.
 */
export async function verifySignedText(content: string, check: SignatureCheck): Promise<VerifiedText> {
  const openpgp = await import("openpgp");
  const { text, signature } = parseCleartext(content, check.where);
  const packets = await readPackets(signature, check.where);
  const message = await openpgp.createMessage({ text });
  const verdicts = await Promise.all(packets.map((packet) => judge(packet, message, check)));
  const signedBy = verdicts.flatMap((verdict) => (verdict.kind === "good" ? [verdict.fingerprint] : []));
  if (signedBy.length === 0) throw refusal(verdicts, { from: check.keyring.from, where: check.where });
  return { text, signedBy: [...new Set(signedBy)].toSorted() };
}

export type SignatureCheck = { readonly keyring: Keyring; readonly now: Date; readonly where: string };

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
    // A key whose life was prolonged after it signed has only self-signatures that are newer than ours; S4 asks for
    // today's validity.
    config: { allowInsecureVerificationWithReformattedKeys: true },
  });
  // Empty when the packet is another kind of signature, such as a certification, which covers no text.
  const verified = await Promise.allSettled(signatures.map((signature) => signature.verified));
  return verified.length === 1 && verified.every((result) => result.status === "fulfilled");
}
