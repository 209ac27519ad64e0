import type { Principal, PrincipalKind } from "./policy.ts";

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
