import { IngotError } from "../../ground/error.ts";
import { isPrincipalName } from "../../policy/principal-name.ts";

/** Holds the name of an identity that is to be registered to what such a name may be. Throws `usage`. */
export function assertRegistrable(name: string, issuers: readonly { readonly url: string }[]): void {
  const at = name.lastIndexOf("@");
  const isOfIssuer = at > 0 && issuers.some(({ url }) => issuerPlace(url) === name.slice(at + 1));
  if (isPrincipalName(name) && (isOfIssuer || /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name))) return;
  throw new IngotError("usage", `${JSON.stringify(name)} cannot be the name of an identity`, {
    hint: "letters, digits, `.`, `_` and `-`, at most 64; or NAME@ISSUER for somebody whom a configured issuer signs in",
  });
}

/** The name of somebody whom an issuer names: `alice@login.ingot.example/shop`. */
export function nameOfIssuer(name: string, issuer: string): string {
  return `${name}@${issuerPlace(issuer)}`;
}

/** An issuer's address without its scheme. It holds no `@`: what is behind the last one is the issuer. */
function issuerPlace(url: string): string {
  return url.replace(/^https?:\/\//, "").replaceAll("@", "%40");
}
