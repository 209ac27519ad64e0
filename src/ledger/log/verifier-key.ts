import { createPublicKey, hash, type KeyObject } from "node:crypto";
import { IngotError } from "../../ground/error.ts";

/** Who may have signed a note, as C2SP signed-note, "Verifier keys", has it: a vkey. */
export type VerifierKey = {
  readonly name: string;
  /** The first four bytes of the SHA-256 of name, type and key: which of a note's signatures to try. */
  readonly id: Buffer;
  /** 1: Ed25519 over the text; 4: a witness' cosignature with its time (C2SP tlog-cosignature). */
  readonly type: number;
  readonly key: KeyObject;
};

/** Signature types of C2SP signed-note that Ingot knows. */
export const signatureType = { ed25519: 1, cosignature: 4 } as const;

/** Reads `NAME+ID+KEY`, Ed25519. Throws `key-malformed`; `from` names the text's place. */
export function parseVerifierKey(text: string, from: string): VerifierKey {
  // Only the key may hold a plus, which is a digit of base64 too.
  const match = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/.exec(text.trim());
  const [, name = "", id = "", encoded = ""] = match ?? [];
  const material = Buffer.from(encoded, "base64");
  const type = material[0];
  const isKnown = type === signatureType.ed25519 || type === signatureType.cosignature;
  if (!isKeyName(name) || !isKnown || material.length !== 33 || material.toString("base64") !== encoded)
    throw malformed(from, "expected NAME+ID+KEY, an Ed25519 key as C2SP signed-note writes it");
  const expected = keyId(name, material);
  if (expected.toString("hex") !== id)
    throw malformed(from, `its id should be ${expected.toString("hex")}, and is ${id}`);
  return { name, id: expected, type, key: publicKeyOf(material.subarray(1)) };
}

/** The vkey of an Ed25519 key, public or private. */
export function formatVerifierKey(name: string, key: KeyObject, type: number = signatureType.ed25519): string {
  const material = Buffer.concat([Buffer.from([type]), rawPublicKey(key)]);
  return `${name}+${keyId(name, material).toString("hex")}+${material.toString("base64")}`;
}

/** What signatures name a key by: the first four bytes of SHA-256(name, newline, type, key). `material`: the type, then the 32 bytes. */
export function keyId(name: string, material: Uint8Array): Buffer {
  return hash("sha256", Buffer.concat([Buffer.from(`${name}\n`), material]), "buffer").subarray(0, 4);
}

/** C2SP signed-note, "Format": not empty, no Unicode space, no plus; and no control character, which a note may not hold. */
export function isKeyName(name: string): boolean {
  return name.length > 0 && name.length <= 255 && name.isWellFormed() && !/[\s+\p{Cc}\u0085\u180e]/u.test(name);
}

function rawPublicKey(key: KeyObject): Buffer {
  const { x = "" } = (key.type === "private" ? createPublicKey(key) : key).export({ format: "jwk" });
  return Buffer.from(x, "base64url");
}

function publicKeyOf(raw: Buffer): KeyObject {
  return createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: raw.toString("base64url") }, format: "jwk" });
}

function malformed(from: string, why: string): IngotError {
  return new IngotError("key-malformed", `${from} is not a verifier key: ${why}`, {
    hint: "copy the whole line that the log or witness prints as its public key",
  });
}
