import { hash } from "node:crypto";
import { jwtVerify, SignJWT } from "jose";
import { IngotError } from "../../ground/error.ts";
import type { Controller } from "../controller.ts";
import { explainJwtError, longestJwt } from "./check-jwt.ts";
import { signInOf } from "./sign-in.ts";

/** What an access token says. Who somebody is beyond the name is on the ledger, not in here. Times in seconds since 1970. */
export type AccessClaims = {
  /** Hex SHA-256 of its `jti`, which is in the token alone: who reads the ledger and has the token key still makes no token that the ledger knows. */
  readonly id: string;
  readonly principal: string;
  readonly environment?: string;
  readonly expires: number;
};

/** RFC 9068: no other JWT that somebody signs for us can be taken for an access token. */
const type = "at+jwt";

/** The id of a token by its `jti`. */
export function tokenId(jti: string): string {
  return hash("sha256", jti, "hex");
}

export function signAccessToken(
  controller: Controller,
  claims: Omit<AccessClaims, "id"> & { readonly jti: string },
): Promise<string> {
  const signIn = signInOf(controller);
  const { baseUrl } = controller.settings;
  const { id, secret } = signIn.tokenKeys().current;
  const now = signIn.now();
  return new SignJWT(claims.environment === undefined ? {} : { environment: claims.environment })
    .setProtectedHeader({ alg: "ES256", typ: type, kid: id })
    .setIssuer(baseUrl)
    .setAudience(baseUrl)
    .setSubject(claims.principal)
    .setJti(claims.jti)
    .setIssuedAt(now)
    .setNotBefore(now)
    .setExpirationTime(claims.expires)
    .sign(secret);
}

/** What a token of this controller says, its signature and time checked. Throws `token-invalid`, `token-expired`. */
export async function readAccessToken(controller: Controller, token: string): Promise<AccessClaims> {
  const { baseUrl } = controller.settings;
  const signIn = signInOf(controller);
  if (token.length > longestJwt) throw invalid(baseUrl, "it is too long");
  const { payload } = await jwtVerify(
    token,
    ({ kid }) => signIn.checkKey(kid ?? "") ?? reject(invalid(baseUrl, "it is signed with a key that is not its own")),
    {
      // The one that it signs with. Attack: `none`, or HS256 with the public key as secret.
      algorithms: ["ES256"],
      typ: type,
      issuer: baseUrl,
      audience: baseUrl,
      requiredClaims: ["exp", "nbf", "jti", "sub"],
      currentDate: new Date(signIn.now() * 1000),
    },
  ).catch((error: unknown) => reject(refusal(baseUrl, error)));
  const { sub: principal, jti, exp: expires, environment } = payload;
  const isWhole = principal !== undefined && jti !== undefined && expires !== undefined && payload.aud === baseUrl;
  if (!isWhole || !(environment === undefined || typeof environment === "string"))
    throw invalid(baseUrl, "it is malformed");
  return { id: tokenId(jti), principal, expires, ...(environment === undefined ? {} : { environment }) };
}

function refusal(baseUrl: string, error: unknown): IngotError {
  if (error instanceof IngotError) return error;
  const { why, isExpired } = explainJwtError(error);
  return isExpired ? expired(baseUrl) : invalid(baseUrl, why);
}

/** The error of a token that is over. */
export function expired(baseUrl: string): IngotError {
  return new IngotError("token-expired", "the access token has expired", { hint: `ingot login ${baseUrl}` });
}

/** The error of what is no good token of this controller. */
export function invalid(baseUrl: string, why: string): IngotError {
  return new IngotError("token-invalid", `the access token is not taken: ${why}`, {
    hint: `ingot login ${baseUrl}; for another program: ingot identity token`,
  });
}

function reject(error: IngotError): never {
  throw error;
}
