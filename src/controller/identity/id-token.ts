import { hash } from "node:crypto";
import { jwtVerify, type JWTPayload } from "jose";
import { IngotError } from "../../ground/error.ts";
import type { PrincipalRole } from "../../policy/policy.ts";
import type { Controller } from "../controller.ts";
import type { IssuerSettings } from "../settings.ts";
import { peekClaims, refuseJwt, signedPart, skew } from "./check-jwt.ts";
import { formatPrincipal, isPrincipalName } from "../../policy/principal-name.ts";
import { nameOfIssuer } from "./registrable-name.ts";
import { signInOf } from "./sign-in.ts";

/** What an issuer says about somebody. `once`: hex SHA-256 of the token, which is taken once. */
export type IssuerWord = {
  readonly principal: string;
  readonly issuer: string;
  readonly groups: readonly string[];
  readonly roles: readonly PrincipalRole[];
  readonly once: string;
  readonly expires: number;
};

/** Signatures with a private key of the issuer. Attack: `none`, or HS256 with a public key as its secret. */
const algorithms = ["RS256", "PS256", "ES256", "ES384", "EdDSA"];
/** Seconds. */
const longestLife = 86_400;

/** Checks an OIDC ID token (OpenID Connect Core 1.0, section 3.1.3.7) of a configured issuer. Throws `assertion-invalid`, `issuer-unknown`, `issuer-unusable`. */
export async function readIdToken(controller: Controller, jwt: string): Promise<IssuerWord> {
  const issuer = findIssuer(controller, jwt);
  const { issuerKeys, now } = signInOf(controller);
  const { payload } = await jwtVerify(jwt, issuerKeys.of(issuer.url), {
    algorithms,
    issuer: issuer.url,
    audience: issuer.audience,
    requiredClaims: ["sub", "exp", "iat"],
    currentDate: new Date(now() * 1000),
    clockTolerance: skew,
    maxTokenAge: longestLife,
  }).catch(refuseJwt("assertion-invalid", `the ID token of ${issuer.url}`, hint));
  assertParty(payload, issuer);
  const expires = payload.exp ?? 0;
  if (expires > now() + longestLife) throw refused("it is good for more than a day");
  const principal = formatPrincipal({ kind: issuer.kind, name: nameOf(payload, issuer) });
  return {
    principal,
    issuer: issuer.url,
    ...applyRules(payload, issuer),
    once: hash("sha256", signedPart(jwt), "hex"),
    expires,
  };
}

const hint = "get a new ID token from the issuer, for the audience that controller.yaml names";

/** By the unchecked claim, which then is the one that is checked. */
function findIssuer(controller: Controller, jwt: string): IssuerSettings {
  const claimed = peekClaims(jwt)?.iss;
  const issuer = controller.settings.issuers.find(({ url }) => url === claimed);
  if (issuer !== undefined) return issuer;
  const said = typeof claimed === "string" ? JSON.stringify(claimed.slice(0, 200)) : "nobody";
  throw new IngotError("issuer-unknown", `the ID token is from ${said}, whom this controller does not trust`, {
    hint: "an admin names the issuer under issuers: of controller.yaml",
  });
}

/** A token for several audiences says which of them may use it. */
function assertParty({ aud, azp }: JWTPayload, { audience }: IssuerSettings): void {
  const isForSeveral = Array.isArray(aud) && aud.length > 1;
  if (azp === undefined ? isForSeveral : isForSeveral && azp !== audience) {
    throw refused("it is for several audiences, and this controller is not the one that may use it");
  }
}

function nameOf(payload: JWTPayload, { name: claim, url }: IssuerSettings): string {
  const value = payload[claim];
  // Attack: an address that nobody proved to be theirs, in a claim that names people.
  if (claim === "email" && payload.email_verified !== true) throw refused("its email is not verified");
  const name = typeof value === "string" ? nameOfIssuer(value, url) : "";
  if (typeof value === "string" && value !== "" && isPrincipalName(name)) return name;
  throw refused(`its claim ${claim} is no name of a principal`);
}

function applyRules(payload: JWTPayload, { rules }: IssuerSettings): Pick<IssuerWord, "groups" | "roles"> {
  const met = rules.filter(({ claim, value }) => hasValue(payload[claim], value));
  return {
    groups: [...new Set(met.flatMap(({ group }) => group ?? []))],
    roles: [...new Set<PrincipalRole>(met.flatMap(({ roles }) => roles))],
  };
}

function hasValue(claim: unknown, value: string): boolean {
  if (Array.isArray(claim)) return claim.some((one) => hasValue(one, value));
  return ["string", "number", "boolean"].includes(typeof claim) && String(claim) === value;
}

function refused(why: string): IngotError {
  return new IngotError("assertion-invalid", `the ID token is not taken: ${why}`, { hint });
}
