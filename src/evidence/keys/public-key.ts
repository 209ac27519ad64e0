import { createPublicKey, hash, type KeyObject } from "node:crypto";
import { IngotError } from "../../ground/error.ts";

export type PublicKey = {
  /** Hex SHA-256 of the SPKI DER. */
  readonly id: string;
  /** SPKI in PEM. */
  readonly pem: string;
};

/** Reads one public key in PEM; `from` names it in errors. Throws `key-malformed`, or `key-unsuitable` where it is not ECDSA P-256. */
export function parsePublicKey(text: string, from: string): PublicKey {
  const labels = [...text.slice(0, maxSize).matchAll(/^-----BEGIN ([A-Z0-9 ]+)-----/gm)].map(([, label]) => label);
  // Node would also take a private key or a certificate here, and one of several: whoever names such a file means something else.
  if (text.length > maxSize || labels.length !== 1 || labels[0] !== "PUBLIC KEY") throw notPublic(from, labels);
  return describeKey(load(text, from), from);
}

/** Id and PEM of a key. Throws `key-unsuitable`. */
export function describeKey(key: KeyObject, from: string): PublicKey {
  assertP256(key, from);
  const der = key.export({ type: "spki", format: "der" });
  // A compressed point would give the same key a second id.
  if (der.length !== spkiSize) throw unsuitable(from, "in a compressed form");
  return { id: hash("sha256", der, "hex"), pem: key.export({ type: "spki", format: "pem" }).toString() };
}

/** Throws `key-unsuitable` for every key but ECDSA P-256: the one that all verifiers of the ecosystem take. */
export function assertP256(key: KeyObject, from: string): void {
  const { asymmetricKeyType: type = "unknown", asymmetricKeyDetails: details } = key;
  const curve = details?.namedCurve;
  if (type === "ec" && curve === "prime256v1") return;
  throw unsuitable(from, curve === undefined ? `of the kind ${type}` : `on the curve ${curve}`);
}

/** The key as bundles name it: base64 of SHA-256 of the SPKI DER, as cosign writes `publicKey.hint`. */
export function hintOf(id: string): string {
  return Buffer.from(id, "hex").toString("base64");
}

const maxSize = 16 * 1024;
/** SubjectPublicKeyInfo of an uncompressed P-256 point: always the same length. */
const spkiSize = 91;

function load(text: string, from: string): KeyObject {
  try {
    return createPublicKey(text);
  } catch (cause) {
    throw new IngotError("key-malformed", `${from} is not a public key that can be read`, { hint: publicHint, cause });
  }
}

function notPublic(from: string, labels: readonly (string | undefined)[]): IngotError {
  const found = labels.length === 0 ? "no PEM block" : labels.join(", ");
  return new IngotError("key-malformed", `expected one public key in PEM in ${from}, got ${found}`, {
    hint: publicHint,
  });
}

const publicHint = "`ingot key public ROLE` prints such a file; so does cosign public-key";

function unsuitable(from: string, how: string): IngotError {
  return new IngotError("key-unsuitable", `expected an ECDSA key on the curve P-256 in ${from}, got one ${how}`, {
    hint: "`ingot key generate ROLE` or cosign generate-key-pair makes such a key",
  });
}
