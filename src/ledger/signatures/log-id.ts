import { createHash } from "node:crypto";

/**
 * How bundles and trusted roots name a log: the hash of which signed notes carry the first four bytes, whole (C2SP signed-note, "Signatures"; rekor-tiles,
 * pkg/note). Takes the log's vkey, `NAME+HASH+KEY`.
 */
export function logIdOf(verifierKey: string): string {
  const { name, material } = splitVerifierKey(verifierKey);
  return createHash("sha256").update(`${name}\n`).update(material).digest("base64");
}

/** The log's Ed25519 key as SubjectPublicKeyInfo in DER, which trusted roots hold in base64. */
export function publicKeyOf(verifierKey: string): string {
  return Buffer.concat([spkiPrefix, splitVerifierKey(verifierKey).material.subarray(1)]).toString("base64");
}

/** RFC 8410, section 4: everything of an Ed25519 key's SubjectPublicKeyInfo but its 32 bytes. */
const spkiPrefix = Buffer.from("302a300506032b6570032100", "hex");

/** `material`: the byte of the algorithm, then the key. */
function splitVerifierKey(verifierKey: string): { readonly name: string; readonly material: Buffer } {
  // Only the last part may hold a `+`, which is a digit of base64 too.
  const [name = "", , ...key] = verifierKey.split("+");
  return { name, material: Buffer.from(key.join("+"), "base64") };
}
