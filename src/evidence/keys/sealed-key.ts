import { jsonOrUndefined } from "../../ground/json-or-undefined.ts";
import { scrypt } from "node:crypto";
import { promisify } from "node:util";
import { z } from "zod";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";

/**
 * A private key as cosign encrypts it (go-securesystemslib/encrypted): PKCS #8 DER in nacl/secretbox, its key from the passphrase by scrypt;
 * everything in one JSON object.
 */
export async function sealKey(ctx: Pick<Context, "randomBytes">, pkcs8: Buffer, passphrase: string): Promise<Buffer> {
  const { xsalsa20poly1305 } = await import("@noble/ciphers/salsa.js");
  const [salt, nonce] = [ctx.randomBytes(32), ctx.randomBytes(nonceSize)];
  const secret = await deriveSecret(passphrase, salt, standardCost);
  const ciphertext = xsalsa20poly1305(secret, nonce).encrypt(pkcs8);
  secret.fill(0);
  return Buffer.from(
    JSON.stringify({
      kdf: { name: "scrypt", params: { N: standardCost, r: 8, p: 1 }, salt: salt.toString("base64") },
      cipher: { name: "nacl/secretbox", nonce: nonce.toString("base64") },
      ciphertext: Buffer.from(ciphertext).toString("base64"),
    }),
  );
}

/** The PKCS #8 DER. `from` names the file in errors. Throws `key-malformed`, `passphrase-wrong`. */
export async function unsealKey(sealed: Buffer, passphrase: string, from: string): Promise<Buffer> {
  const { kdf, cipher, ciphertext } = parseSealed(sealed, from);
  const { xsalsa20poly1305 } = await import("@noble/ciphers/salsa.js");
  const secret = await deriveSecret(passphrase, kdf.salt, kdf.params.N);
  try {
    return Buffer.from(xsalsa20poly1305(secret, cipher.nonce).decrypt(ciphertext));
  } catch (cause) {
    // Authenticated encryption cannot tell an altered file from a wrong passphrase.
    throw new IngotError("passphrase-wrong", `the passphrase does not open ${from}`, {
      hint: "give the passphrase it was made with; where that is lost, `ingot key rotate ROLE` makes another key; where it is right, the file was altered: restore it from a copy",
      cause,
    });
  } finally {
    secret.fill(0);
  }
}

const standardCost = 65_536;
const nonceSize = 24;

const base64 = z.base64().transform((text) => Buffer.from(text, "base64"));

const sealedSchema = z.looseObject({
  kdf: z.looseObject({
    name: z.literal("scrypt"),
    // The costs that cosign and its libraries ever wrote: a hostile file must not make this process take all memory.
    params: z.looseObject({
      N: z.union([z.literal(32_768), z.literal(65_536), z.literal(131_072)]),
      r: z.literal(8),
      p: z.literal(1),
    }),
    salt: base64.refine((salt) => salt.length >= 16 && salt.length <= 64),
  }),
  cipher: z.looseObject({
    name: z.literal("nacl/secretbox"),
    nonce: base64.refine((nonce) => nonce.length === nonceSize),
  }),
  ciphertext: base64.refine((text) => text.length > 16),
});

function parseSealed(sealed: Buffer, from: string): z.infer<typeof sealedSchema> {
  const parsed = sealedSchema.safeParse(jsonOrUndefined(sealed.toString("utf8")));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue === undefined || issue.path.length === 0 ? "its content" : issue.path.join(".");
  throw new IngotError("key-malformed", `${from} is not an encrypted key as cosign writes it: ${where} is wrong`, {
    hint: "restore the file from a copy; without one, `ingot key rotate ROLE` makes a new key",
    cause: parsed.error,
  });
}

function deriveSecret(passphrase: string, salt: Buffer, cost: number): Promise<Buffer> {
  const options = { N: cost, r: 8, p: 1, maxmem: 256 * cost * 8 };
  return derive(Buffer.from(passphrase, "utf8"), salt, options);
}

const derive = promisify(
  (passphrase: Buffer, salt: Buffer, options: object, done: (e: Error | null, k: Buffer) => void) =>
    scrypt(passphrase, salt, 32, options, done),
);
