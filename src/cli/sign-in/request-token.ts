import { resolve } from "node:path";
import { openClient } from "../../api/client/client.ts";
import { signAssertion } from "../../api/client/sign-in.ts";
import { noKey } from "../../evidence/keys/keys.ts";
import type { PassphraseOptions } from "../../evidence/keys/passphrase.ts";
import { openKey } from "../../evidence/keys/signer.ts";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import { readPrivateFile } from "../../ground/private-file.ts";
import type { Login } from "./login-file.ts";

/** What an access token is to be good for. `lifetime`: seconds, at most an hour. */
export type Wanted = { readonly environment?: string; readonly lifetime?: number };

export type Issued = {
  readonly token: string;
  readonly principal: string;
  readonly environment?: string;
  /** Seconds since 1970. */
  readonly expires: number;
};

type Given = { readonly grant: "assertion" | "id-token" | "token"; readonly token: string };

/** Asks a controller for an access token. Throws what its route `issueToken` says. */
export function requestToken(ctx: Context, url: string, wanted: Given & Wanted): Promise<Issued> {
  return openClient(ctx, { url }).post<Issued>("/api/v1/tokens", wanted);
}

/** By the key of this installation. Throws `key-missing`, and what opening it throws. */
export async function requestByKey(
  ctx: Context,
  { url, principal }: Pick<Login, "url" | "principal">,
  wanted: Wanted & PassphraseOptions,
): Promise<Issued> {
  const { passphraseFile, ...rest } = wanted;
  const key = await openKey(ctx, "identity", passphraseFile === undefined ? {} : { passphraseFile });
  if (key === undefined) throw noKey("identity");
  const token = await signAssertion(ctx, key, { url, principal });
  return requestToken(ctx, url, { grant: "assertion", token, ...rest });
}

/** By an issuer's ID token. */
export function requestByIdToken(
  ctx: Context,
  url: string,
  wanted: Wanted & { readonly idToken: string },
): Promise<Issued> {
  const { idToken, ...rest } = wanted;
  return requestToken(ctx, url, { grant: "id-token", token: idToken, ...rest });
}

/** The ID token that a CI system put into INGOT_ID_TOKEN or a file; undefined where there is none. Throws `key-exposed` where others may read the file. */
export function findIdToken(ctx: Pick<Context, "cwd" | "env">, tokenFile: string | undefined): string | undefined {
  if (tokenFile === undefined) return ctx.env.INGOT_ID_TOKEN?.trim();
  const path = resolve(ctx.cwd, tokenFile);
  const text = readPrivateFile(path)?.trim();
  if (text !== undefined && text !== "") return text;
  throw new IngotError("not-logged-in", `there is no ID token in ${path}`, {
    hint: "let the CI system write one there, for the audience that controller.yaml names",
  });
}
