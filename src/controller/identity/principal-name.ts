import { IngotError } from "../../ground/error.ts";
import type { Principal, PrincipalKind } from "../../policy/policy.ts";

const kinds: readonly PrincipalKind[] = ["user", "workload", "instance"];

/** `user:alice`: how a principal is written everywhere. */
export function formatPrincipal({ kind, name }: Pick<Principal, "kind" | "name">): string {
  return `${kind}:${name}`;
}

/** Undefined where a text is no principal. */
export function parsePrincipal(text: string): { readonly kind: PrincipalKind; readonly name: string } | undefined {
  const colon = text.indexOf(":");
  const kind = kinds.find((one) => one === text.slice(0, colon));
  const name = text.slice(colon + 1);
  return kind !== undefined && isPrincipalName(name) ? { kind, name } : undefined;
}

/**
 * Letters, digits and a few signs; printable in every log. What an issuer says that somebody is called has the issuer's address behind an `@`, so that it is never
 * the name of somebody else.
 */
export function isPrincipalName(name: string): boolean {
  return name.length <= 256 && /^[A-Za-z0-9][A-Za-z0-9._+@:/=~-]*$/.test(name);
}

/** Throws `usage`. */
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
