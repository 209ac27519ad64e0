import { createPublicKey, type KeyObject } from "node:crypto";
import type { Client } from "../../api/client/client.ts";
import { occasionOfReplacing, signPossession, signReplacement, type OpenKey } from "../../api/client/sign-in.ts";
import { shortId, type KeyName } from "../../evidence/keys/key-folder.ts";
import { noKey, rotateKey } from "../../evidence/keys/keys.ts";
import { choosePassphrase, type PassphraseOptions } from "../../evidence/keys/passphrase.ts";
import { describeKey } from "../../evidence/keys/public-key.ts";
import { openKey } from "../../evidence/keys/signer.ts";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import { forgetTokens } from "../sign-in/token-cache.ts";

/**
 * Puts a new key in the place of one of this installation's, here and at the controller: registered first, then put in its place here, and only then the old one retired. Wherever it stops, one
 * of the two signs.
 */
export async function rotateRegisteredKey(
  ctx: Context,
  client: Client,
  { name, ...options }: { readonly name: KeyName; readonly principal: string } & PassphraseOptions,
): Promise<{ readonly former: string; readonly key: string }> {
  const old = await openKey(ctx, name, options);
  if (old === undefined) throw noKey(name);
  const passphrase = await choosePassphrase(ctx, `the new key of ${name}`, options);
  const { key } = await rotateKey(ctx, name, {
    passphrase,
    announce: (secret) =>
      announce(ctx, client, { old, name, secret }).catch((error: unknown) => {
        throw explainUnknown(error, { name, id: old.id, principal: options.principal });
      }),
  });
  await client.remove(`/api/v1/identities/${encodeURIComponent(options.principal)}/keys/${old.id}`);
  // They rest on the old key, and count no more.
  forgetTokens(ctx);
  return { former: old.id, key: key.id };
}

/** The controller cannot say more than that it does not know the key; here it is known which one, and the way on. */
function explainUnknown(
  error: unknown,
  { name, id, principal }: { readonly name: KeyName; readonly id: string; readonly principal: string },
): unknown {
  if (!(error instanceof IngotError) || error.code !== "key-unregistered") return error;
  const message = `the ${name} key ${shortId(id)} of this installation is no active key of ${principal}: it was never registered, or was retired or revoked`;
  const fresh =
    name === "identity" ? "with keys/identity.key moved away" : `after ingot key rotate ${name} where it was revoked`;
  const more = name === "identity" ? "" : ` --with ${name}`;
  return new IngotError("key-unregistered", message, {
    hint: `an admin runs ingot identity enrol ${principal}, and then you, ${fresh}: ingot login --enrol CODE${more}`,
    cause: error,
  });
}

async function announce(
  ctx: Context,
  client: Client,
  { old, name, secret }: { readonly old: OpenKey; readonly name: KeyName; readonly secret: KeyObject },
): Promise<void> {
  const { url } = client;
  const key: OpenKey = { ...describeKey(createPublicKey(secret), "the new key"), secret };
  const proof = await signPossession(ctx, key, { url, use: name, occasion: occasionOfReplacing(old.id) });
  const agreed = await signReplacement(ctx, old, { url, newKey: key.id });
  await client.post(`/api/v1/principal/keys/${old.id}/successor`, { pem: key.pem, proof, agreed });
}
