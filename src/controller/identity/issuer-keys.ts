import { createLocalJWKSet, errors, type JWTVerifyGetKey } from "jose";
import { z } from "zod";
import type { Context } from "../../ground/context.ts";
import { fetchDocument, unusable } from "./fetch-document.ts";

/** The public keys of OIDC issuers, by what their discovery says. */
export type IssuerKeys = {
  /** Looks the key of a token up; for a key id that is not known it asks the issuer again, at most twice a minute. Throws `issuer-unusable`. */
  readonly of: (issuer: string) => JWTVerifyGetKey;
};

type Fetched = { readonly find: JWTVerifyGetKey; readonly at: number };

/** Seconds: an issuer that takes a key out of its list is believed by then. */
const freshFor = 600;
/** Seconds. Attack: tokens with made-up key ids make the controller ask an issuer again and again. */
const cooldown = 30;

export function openIssuerKeys(ctx: Pick<Context, "fetch" | "signal">, now: () => number): IssuerKeys {
  const fetched = new Map<string, Promise<Fetched>>();
  const fetchAnew = (issuer: string): Promise<Fetched> => {
    const started = fetchKeys(ctx, issuer).then((find) => ({ find, at: now() }));
    fetched.set(issuer, started);
    // A failure is no answer to keep; who waits for it is told.
    started.catch(() => fetched.delete(issuer));
    return started;
  };
  return {
    of: (issuer) => async (header, token) => {
      let keys = await (fetched.get(issuer) ?? fetchAnew(issuer));
      if (now() >= keys.at + freshFor) keys = await fetchAnew(issuer);
      try {
        return await keys.find(header, token);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey) || now() < keys.at + cooldown) throw error;
        return (await fetchAnew(issuer)).find(header, token);
      }
    },
  };
}

const discoverySchema = z.looseObject({ issuer: z.string(), jwks_uri: z.string() });
const keysSchema = z.looseObject({ keys: z.array(z.looseObject({ kty: z.string() })).max(100) });

/** OpenID Connect Discovery 1.0, sections 4.1 to 4.3. */
async function fetchKeys(ctx: Pick<Context, "fetch" | "signal">, issuer: string): Promise<JWTVerifyGetKey> {
  const well = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const discovery = discoverySchema.safeParse(await fetchDocument(ctx, well, issuer));
  if (!discovery.success) throw unusable(issuer, "its discovery names no issuer and no keys");
  // Section 4.3: it must be the very same. Attack: a server that answers for another issuer.
  if (discovery.data.issuer !== issuer) {
    throw unusable(issuer, `its discovery says that it is ${JSON.stringify(discovery.data.issuer.slice(0, 200))}`);
  }
  const keys = keysSchema.safeParse(await fetchDocument(ctx, discovery.data.jwks_uri, issuer));
  if (!keys.success) throw unusable(issuer, "its keys are no JSON Web Key Set");
  return createLocalJWKSet(keys.data);
}
