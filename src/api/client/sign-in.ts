import { hash, type KeyObject } from "node:crypto";
import { SignJWT } from "jose";
import type { Context } from "../../ground/context.ts";

/** A key that is open, to sign in with. `id`: hex SHA-256 of the SPKI. */
export type OpenKey = { readonly id: string; readonly pem: string; readonly secret: KeyObject };

/** Seconds: enough for the way there, and for clocks that differ a little. */
const life = 120;

type Effects = Pick<Context, "now" | "randomBytes">;

/**
 * What proves to a controller who asks (RFC 7523, section 3). `url`: the address that the person named, never one that a server said: a controller that is not honest could pass on
 * what was signed for another.
 */
export function signAssertion(
  ctx: Effects,
  key: OpenKey,
  to: { readonly url: string; readonly principal: string },
): Promise<string> {
  const { url, principal } = to;
  return sign(ctx, key, {
    url,
    claims: { iss: principal, sub: principal, jti: ctx.randomBytes(16).toString("base64url") },
  });
}

/** What proves that somebody has the private half of a key that is to be registered. `occasion`: what it is registered for (`occasionOf…`). */
export function signPossession(
  ctx: Effects,
  key: OpenKey,
  about: { readonly url: string; readonly use: string; readonly occasion: string },
): Promise<string> {
  const { url, use, occasion } = about;
  return sign(ctx, key, { url, claims: { sub: key.id, use, occasion } });
}

/** That an old key agrees to be replaced by a new one. */
export function signReplacement(
  ctx: Effects,
  old: OpenKey,
  by: { readonly url: string; readonly newKey: string },
): Promise<string> {
  return sign(ctx, old, { url: by.url, claims: { sub: old.id, replacement: by.newKey } });
}

/** The occasion of using a code of enrolment, as the controller reads codes. */
export function occasionOfCode(code: string): string {
  const plain = code.toUpperCase().replaceAll(/[\s-]/g, "").replaceAll("O", "0").replaceAll(/[IL]/g, "1");
  return hash("sha256", plain, "hex");
}

/** The occasion of replacing a key. */
export function occasionOfReplacing(keyId: string): string {
  return hash("sha256", `replaces ${keyId}`, "hex");
}

function sign(
  ctx: Effects,
  key: OpenKey,
  { url, claims }: { readonly url: string; readonly claims: Record<string, string> },
): Promise<string> {
  const now = Math.floor(ctx.now().getTime() / 1000);
  return new SignJWT(claims)
    .setProtectedHeader({ alg: "ES256", typ: "JWT", kid: key.id })
    .setAudience(url)
    .setIssuedAt(now)
    .setExpirationTime(now + life)
    .sign(key.secret);
}
