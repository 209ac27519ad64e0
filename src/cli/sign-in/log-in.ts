import type { PassphraseOptions } from "../../evidence/keys/passphrase.ts";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import { readLogins, writeLogin, type Login } from "./login-file.ts";
import { findIdToken, requestByIdToken, requestByKey, type Issued } from "./request-token.ts";
import { toPrincipal } from "./to-principal.ts";
import { cacheToken, forgetTokens } from "./token-cache.ts";

export type LoginOptions = PassphraseOptions & {
  readonly url: string;
  /** Of somebody who enrolled just now, or who names themselves: `alice` or `user:alice`. */
  readonly principal?: string;
  readonly tokenFile?: string;
  /** PEM. */
  readonly ca?: string;
};

/** Signs in at a controller and keeps how, once that worked. */
export async function logIn(ctx: Context, options: LoginOptions): Promise<Issued> {
  const { url, tokenFile } = options;
  const known = readLogins(ctx).find((one) => one.url === url);
  const ca = options.ca ?? known?.ca;
  const rest = ca === undefined ? {} : { ca };
  const idToken = findIdToken(ctx, tokenFile);
  const asked = options.principal;
  if (asked === undefined && idToken !== undefined && idToken !== "") {
    const issued = await requestByIdToken(ctx, url, { idToken });
    const place = tokenFile === undefined ? {} : { tokenFile };
    return keep(ctx, { url, principal: issued.principal, by: "id-token", ...place, ...rest }, issued);
  }
  const principal = asked === undefined ? known?.principal : toPrincipal(asked);
  if (principal === undefined) throw nameless(url);
  const { passphraseFile } = options;
  const issued = await requestByKey(ctx, { url, principal }, passphraseFile === undefined ? {} : { passphraseFile });
  return keep(ctx, { url, principal, by: "key", ...rest }, issued);
}

function keep(ctx: Context, login: Login, issued: Issued): Issued {
  forgetTokens(ctx);
  writeLogin(ctx, login);
  cacheToken(ctx, login, issued);
  return issued;
}

function nameless(url: string): IngotError {
  return new IngotError("not-logged-in", `nothing says who you are at ${url}`, {
    hint: `ingot login ${url} --name NAME; the first time: --enrol CODE; in CI: --token-file FILE or INGOT_ID_TOKEN`,
  });
}
