import { errors } from "jose";
import { z } from "zod";
import { IngotError } from "../../ground/error.ts";

/** Bytes; those of real issuers have at most four thousand. */
export const longestJwt = 16_384;

/** Seconds by which the clocks of two machines may differ. */
export const skew = 30;

const claims = z.record(z.string(), z.unknown());

/** A claim's values; nothing of it was checked yet. Undefined where a text is no JWT. */
export function peekClaims(jwt: string): Readonly<Record<string, unknown>> | undefined {
  const [, payload, , more] = jwt.split(".");
  if (payload === undefined || more !== undefined || jwt.length > longestJwt) return undefined;
  try {
    return claims.safeParse(JSON.parse(Buffer.from(payload, "base64url").toString("utf8"))).data;
  } catch {
    return undefined;
  }
}

/** The part of a JWT that is signed: its signature can be written in more than one way, this cannot. */
export function signedPart(jwt: string): string {
  return jwt.slice(0, jwt.lastIndexOf("."));
}

/**
 * Why a JWT is not taken, in words without anything of it. An error that is not about the JWT is passed on. Not as a cause: jose's errors hold the claims, and a log prints causes.
 */
export function explainJwtError(error: unknown): { readonly why: string; readonly isExpired: boolean } {
  if (error instanceof errors.JWTExpired) return { why: "it has expired", isExpired: true };
  return { why: describe(error), isExpired: false };
}

function describe(error: unknown): string {
  if (error instanceof errors.JWTClaimValidationFailed) return claimWords[error.claim] ?? `its ${error.claim} is wrong`;
  if (error instanceof errors.JWSSignatureVerificationFailed) return "its signature is wrong";
  if (error instanceof errors.JOSEAlgNotAllowed) return "it is signed in a way that is not taken";
  if (error instanceof errors.JWKSNoMatchingKey) return "no key of the issuer has signed it";
  if (error instanceof errors.JOSEError) return "it is malformed";
  throw error;
}

const claimWords: Readonly<Record<string, string>> = {
  aud: "it is for another audience",
  iss: "it is from another issuer",
  nbf: "it is not valid yet",
  iat: "it is from the future",
};

/** For `.catch`: throws the error as `code`, or as it is where it is one of Ingot's already. */
export function refuseJwt(code: "assertion-invalid", what: string, hint: string): (error: unknown) => never {
  return (error) => {
    if (error instanceof IngotError) throw error;
    throw new IngotError(code, `${what} is not taken: ${explainJwtError(error).why}`, { hint });
  };
}
