import { openClient } from "../../api/client/client.ts";
import { occasionOfCode, signPossession } from "../../api/client/sign-in.ts";
import type { Role } from "../../evidence/evidence.ts";
import type { KeyName } from "../../evidence/keys/key-folder.ts";
import { generateKey, readKey } from "../../evidence/keys/keys.ts";
import { choosePassphrase, findPassphrase, type PassphraseOptions } from "../../evidence/keys/passphrase.ts";
import { openKey } from "../../evidence/keys/signer.ts";
import type { Context } from "../../ground/context.ts";
import { present } from "../../ground/present.ts";

export type EnrolOptions = PassphraseOptions & {
  readonly url: string;
  readonly code: string;
  readonly name?: string;
  /** Roles whose keys are registered too, and made where there are none. */
  readonly roles: readonly Role[];
};

/** `ctx` answers the question for the passphrase that was just typed. */
export type EnrolledHere = { readonly principal: string; readonly ctx: Context };

/** Registers the keys of this installation with a code, and makes those that are missing. One passphrase for all of them. */
export async function enrolHere(ctx: Context, options: EnrolOptions): Promise<EnrolledHere> {
  const { url, code, name } = options;
  const names: readonly KeyName[] = ["identity", ...options.roles];
  const missing = names.filter((one) => readKey(ctx, one) === undefined);
  const what = `the keys of ${names.join(", ")}`;
  const ask = missing.length === names.length ? choosePassphrase : findPassphrase;
  const passphrase = await ask(ctx, what, options);
  for (const one of missing) await generateKey(ctx, one, { passphrase });
  const occasion = occasionOfCode(code);
  const keys: object[] = [];
  // A person is asked once.
  const typed = { ...ctx, askSecret: async () => passphrase };
  for (const use of names) {
    const key = present(await openKey(typed, use, options), `the key of ${use}`);
    keys.push({ pem: key.pem, use, proof: await signPossession(ctx, key, { url, use, occasion }) });
  }
  const { principal } = await openClient(ctx, { url }).post<{ readonly principal: string }>("/api/v1/enrolments", {
    code,
    keys,
    ...(name === undefined ? {} : { name }),
  });
  return { principal, ctx: typed };
}
