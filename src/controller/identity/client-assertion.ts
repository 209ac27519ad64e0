import { createPublicKey, hash } from "node:crypto";
import { jwtVerify, type JWTPayload } from "jose";
import { shortId } from "../../evidence/keys/key-folder.ts";
import type { Database } from "../../ledger/projection/database.ts";
import { IngotError } from "../../ground/error.ts";
import type { Controller } from "../controller.ts";
import { findIdentity, findKey, type IdentityKey } from "../state/identities.ts";
import { refuseJwt, skew } from "./check-jwt.ts";
import { signInOf } from "./sign-in.ts";

/** Seconds: so long may an assertion be good, at most. */
export const lifeOfAssertion = 300;

/** A JWT that somebody signed with the key they sign in with (RFC 7523, section 3). `once`: hex SHA-256 of what is taken once. */
export type Assertion = {
  readonly principal: string;
  readonly key: string;
  readonly once: string;
  readonly expires: number;
};

/** Checks everything but whether it was used before. Throws `assertion-invalid`, `controller-mismatch`. */
export async function readAssertion(controller: Controller, jwt: string): Promise<Assertion> {
  let key: ReturnType<typeof findKey>;
  const { payload } = await verifyOwnJwt(controller, jwt, (id) => {
    key = requireIdentityKey(controller.ledger.state, id);
    return key;
  });
  const { iss, sub, jti, exp = 0 } = payload;
  if (key === undefined || iss !== sub || sub !== key.principal) {
    throw refused("it is not in the name of the one whose key signed it");
  }
  if (typeof jti !== "string" || jti.length < 8 || jti.length > 128)
    throw refused("its jti has not 8 to 128 characters");
  return { principal: sub, key: key.id, once: hash("sha256", `${key.id}\n${jti}`, "hex"), expires: exp };
}

/**
 * A JWT for this controller that a key signed which `find` knows by its id: ES256, at most five minutes long. Throws `assertion-invalid`, and `controller-mismatch` where it is for another address.
 */
export async function verifyOwnJwt(
  controller: Controller,
  jwt: string,
  find: (keyId: string) => Pick<IdentityKey, "pem">,
): Promise<{ readonly payload: JWTPayload }> {
  const { baseUrl } = controller.settings;
  const now = signInOf(controller).now();
  const { payload } = await jwtVerify(jwt, ({ kid }) => createPublicKey(find(String(kid ?? "")).pem), {
    algorithms: ["ES256"],
    requiredClaims: ["exp", "iat", "aud"],
    currentDate: new Date(now * 1000),
    clockTolerance: skew,
    maxTokenAge: lifeOfAssertion,
  }).catch(refuseJwt("assertion-invalid", "what was signed to sign in", hint));
  // Attack: a controller that passes on what somebody signed for it. One audience alone, so that it is of no use elsewhere.
  if (payload.aud !== baseUrl) throw otherAudience(baseUrl, payload.aud);
  if ((payload.exp ?? 0) > now + lifeOfAssertion + skew) throw refused("it is good for more than five minutes");
  return { payload };
}

/** A key with which somebody may sign in now. Throws `assertion-invalid`. */
export function requireIdentityKey(state: Database, id: string): NonNullable<ReturnType<typeof findKey>> {
  const key = findKey(state, id, "identity");
  if (key === undefined) throw refused("no registered key signed it");
  if (findIdentity(state, key.principal)?.removed !== false) throw refused(`${key.principal} was removed`);
  if (key.status !== "active") throw refused(`the key ${shortId(id)} is ${key.status}`);
  return key;
}

const hint = "ingot login URL; a new person or machine needs a code of an admin: ingot identity enrol NAME";

function refused(why: string): IngotError {
  return new IngotError("assertion-invalid", `what was signed to sign in is not taken: ${why}`, { hint });
}

function otherAudience(baseUrl: string, audience: JWTPayload["aud"]): IngotError {
  const said = JSON.stringify(audience ?? "").slice(0, 200);
  return new IngotError("controller-mismatch", `this controller is ${baseUrl}, and what was signed is for ${said}`, {
    hint: `ingot login ${baseUrl}`,
  });
}
