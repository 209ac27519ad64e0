import type { PrivateKey } from "openpgp";

/** A key that signs a test archive. */
export type ArchiveKey = {
  readonly privateKey: PrivateKey;
  /** Armored public key, as in a keyring file ending in `.asc`. */
  readonly armored: string;
  /** The same as a binary keyring. */
  readonly binary: Uint8Array;
  /** Upper-case hex, of the primary key. */
  readonly fingerprint: string;
};

/** Makes a key; by default one year old and never expiring. `expiresAfter` is in seconds from `date`. */
export async function makeArchiveKey(options: { date?: Date; expiresAfter?: number } = {}): Promise<ArchiveKey> {
  const { generateKey } = await import("openpgp");
  const year = 365 * 24 * 3600 * 1000;
  const { privateKey } = await generateKey({
    type: "ecc",
    curve: "ed25519Legacy",
    userIDs: [{ name: "Test Archive", email: "archive@debian.test" }],
    date: options.date ?? new Date(Date.now() - year),
    keyExpirationTime: options.expiresAfter ?? 0,
    format: "object",
  });
  return describeKey(privateKey);
}

export function describeKey(privateKey: PrivateKey): ArchiveKey {
  const key = privateKey.toPublic();
  return {
    privateKey,
    armored: key.armor(),
    binary: key.write(),
    fingerprint: key.getFingerprint().toUpperCase(),
  };
}

/** Signs text as `gpg --clearsign` does. */
export async function clearsign(text: string, keys: readonly ArchiveKey[], date = new Date()): Promise<string> {
  const { createCleartextMessage, sign } = await import("openpgp");
  const message = await createCleartextMessage({ text });
  return sign({ message, signingKeys: keys.map((key) => key.privateKey), date });
}
