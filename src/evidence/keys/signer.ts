import { createPrivateKey, createPublicKey, sign, type KeyObject } from "node:crypto";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import type { Role, TrustedKey } from "../evidence.ts";
import { parseKeyFile } from "./key-file.ts";
import { keyPath, type KeyName } from "./key-folder.ts";
import { findPassphrase, type PassphraseOptions } from "./passphrase.ts";
import { readPrivateFile } from "../../ground/private-file.ts";
import { assertP256, describeKey, type PublicKey } from "./public-key.ts";
import { unsealKey } from "./sealed-key.ts";

/** A private key that is open, and the public one that others check it with. */
export type Signer = {
  readonly role: Role;
  readonly key: TrustedKey;
  /** ECDSA over SHA-256 of the bytes, as DER. */
  readonly sign: (bytes: Uint8Array) => Promise<Buffer>;
};

/**
 * The key of a role, opened; undefined where there is none. Throws `key-exposed`, `key-malformed`, `key-unsuitable`, `passphrase-missing`,
 * `passphrase-wrong`.
 */
export async function openSigner(
  ctx: Context,
  role: Role,
  options: PassphraseOptions = {},
): Promise<Signer | undefined> {
  const key = await openKey(ctx, role, options);
  if (key === undefined) return undefined;
  const { id, pem, secret } = key;
  return signWith(secret, { id, role, pem, from: keyPath(ctx, role) });
}

/** A private key that is open. */
export type OpenedKey = PublicKey & { readonly secret: KeyObject };

/** A key of this installation, opened, to sign other things than statements with; undefined where there is none. Throws as `openSigner`. */
export async function openKey(
  ctx: Context,
  name: KeyName,
  options: PassphraseOptions = {},
): Promise<OpenedKey | undefined> {
  const path = keyPath(ctx, name);
  const text = readPrivateFile(path);
  if (text === undefined) return undefined;
  const file = parseKeyFile(text, path);
  const whose = name === "identity" ? "the key that you sign in with" : `the ${name}'s key`;
  const passphrase = await findPassphrase(ctx, `${whose} (${path})`, options);
  const secret = await openSealed(file.sealed, passphrase, path);
  const { id, pem } = describeKey(createPublicKey(secret), path);
  // The text beside the key is not covered by its encryption: who can write it could make others trust a key that nobody here has.
  if (file.id !== id) throw notItsOwn(path, id);
  return { id, pem, secret };
}

/** A signer of an open key. */
export function signWith(secret: KeyObject, key: TrustedKey): Signer {
  const { role } = key;
  return { role, key, sign: async (bytes) => sign("sha256", bytes, { key: secret, dsaEncoding: "der" }) };
}

/** The private key of a sealed block. Throws `key-malformed`, `key-unsuitable`, `passphrase-wrong`. */
export async function openSealed(sealed: Buffer, passphrase: string, from: string): Promise<KeyObject> {
  const pkcs8 = await unsealKey(sealed, passphrase, from);
  try {
    const key = createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" });
    assertP256(key, from);
    return key;
  } catch (cause) {
    if (cause instanceof IngotError) throw cause;
    throw new IngotError("key-malformed", `what ${from} holds encrypted is not a private key`, {
      hint: "restore the file from a copy; without one, `ingot key rotate ROLE` makes a new key",
      cause,
    });
  } finally {
    pkcs8.fill(0);
  }
}

function notItsOwn(path: string, id: string): IngotError {
  return new IngotError("key-malformed", `${path} does not name the key that it holds, whose id is ${id}`, {
    hint: "the file was altered: restore it from a copy, or import the key again",
  });
}
