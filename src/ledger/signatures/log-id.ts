import { hash, type KeyObject } from "node:crypto";
import { parseVerifierKey } from "../log/verifier-key.ts";

/**
 * How bundles and trusted roots name a log: the hash of which signed notes carry the first four bytes, whole, in base64 (C2SP signed-note, "Signatures"; rekor-tiles,
 * pkg/note). Takes the log's vkey; throws `key-malformed`.
 */
export function logIdOf(verifierKey: string): string {
  const { name, type, key } = parseVerifierKey(verifierKey, "the signature log's key");
  const raw = spkiOf(key).subarray(-ed25519Size);
  return hash("sha256", Buffer.concat([Buffer.from(`${name}\n`), Buffer.from([type]), raw]), "base64");
}

/** The log's key as SubjectPublicKeyInfo in DER, in base64. Takes its vkey; throws `key-malformed`. */
export function logPublicKey(verifierKey: string): string {
  return spkiOf(parseVerifierKey(verifierKey, "the signature log's key").key).toString("base64");
}

const ed25519Size = 32;

function spkiOf(key: KeyObject): Buffer {
  return key.export({ type: "spki", format: "der" });
}
