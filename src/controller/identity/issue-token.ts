import { IngotError } from "../../ground/error.ts";
import type { Database } from "../../ledger/projection/database.ts";
import type { Controller } from "../controller.ts";
import { makeEvent } from "../events/events.ts";
import type { TokenGround } from "../events/identity-events.ts";
import { findIdentity } from "../state/identities.ts";
import { findPolicy } from "../state/policies.ts";
import { isTaken } from "../state/sign-ins.ts";
import { readAccessToken, signAccessToken, tokenId, type AccessClaims } from "./access-token.ts";
import { principalOf } from "./authenticate.ts";
import { readAssertion, requireIdentityKey } from "./client-assertion.ts";
import { readIdToken } from "./id-token.ts";
import { signInOf } from "./sign-in.ts";
import { lifeOfToken } from "./token-key.ts";

/** What somebody presents for an access token. `environment`: the one that it is to be good for. `lifetime`: seconds, at most an hour. */
export type Grant = {
  /** A JWT signed with a registered key; an OIDC ID token; an access token, for one that may less. */
  readonly kind: "assertion" | "id-token" | "token";
  readonly token: string;
  readonly environment?: string;
  readonly lifetime?: number;
};

export type IssuedToken = AccessClaims & { readonly token: string };

/**
 * Gives out an access token. Throws `assertion-invalid`, `assertion-replayed`, `controller-mismatch`, `issuer-unknown`, `issuer-unusable`, `identity-unknown`, `environment-unknown`,
 * `token-invalid`, `token-expired`.
 */
export async function issueToken(controller: Controller, grant: Grant): Promise<IssuedToken> {
  const basis = await readBasis(controller, grant);
  const jti = controller.ctx.randomBytes(16).toString("base64url");
  const id = tokenId(jti);
  const { result } = await controller.ledger.transact((state) => {
    basis.check(state);
    const environment = environmentOf(state, grant.environment, basis);
    const lifetime = Math.min(grant.lifetime ?? lifeOfToken, lifeOfToken);
    const expires = Math.min(signInOf(controller).now() + lifetime, basis.until);
    const claims = { id, principal: basis.principal, expires, ...(environment === undefined ? {} : { environment }) };
    return { events: [makeEvent(basis.principal, "token.issued", { ...claims, by: basis.by })], result: claims };
  });
  return { ...result, token: await signAccessToken(controller, { ...result, jti }) };
}

type Basis = {
  readonly principal: string;
  readonly by: TokenGround;
  /** The one that it cannot leave. */
  readonly environment?: string;
  /** Seconds since 1970: the token is not good for longer. */
  readonly until: number;
  /** What must still be true when the token is put on the record. */
  readonly check: (state: Database) => void;
};

function readBasis(controller: Controller, grant: Grant): Promise<Basis> {
  switch (grant.kind) {
    case "assertion":
      return basisOfAssertion(controller, grant.token);
    case "id-token":
      return basisOfIdToken(controller, grant.token);
    case "token":
      return basisOfToken(controller, grant.token);
  }
}

async function basisOfAssertion(controller: Controller, jwt: string): Promise<Basis> {
  const { principal, key, once, expires } = await readAssertion(controller, jwt);
  return {
    principal,
    by: { kind: "key", key, assertion: once, assertionExpires: expires },
    until: Number.MAX_SAFE_INTEGER,
    check: (state) => {
      requireIdentityKey(state, key);
      assertFresh(state, once);
    },
  };
}

async function basisOfIdToken(controller: Controller, jwt: string): Promise<Basis> {
  const { principal, issuer, groups, roles, once, expires } = await readIdToken(controller, jwt);
  return {
    principal,
    by: { kind: "issuer", issuer, assertion: once, assertionExpires: expires, groups, roles },
    until: Number.MAX_SAFE_INTEGER,
    check: (state) => {
      const identity = findIdentity(state, principal);
      // Attack: everybody has an account with a public issuer; those about whom nothing is said here would fill the ledger.
      if (identity?.removed === true || (identity === undefined && groups.length === 0 && roles.length === 0)) {
        const why =
          identity?.removed === true ? "was removed here" : "meets none of the rules for it, and is not registered";
        throw unknown(principal, issuer, why);
      }
      assertFresh(state, once);
    },
  };
}

async function basisOfToken(controller: Controller, token: string): Promise<Basis> {
  const claims = await readAccessToken(controller, token);
  const { principal, id, expires, environment } = claims;
  return {
    principal,
    by: { kind: "token", parent: id },
    // Attack: a stolen token that is exchanged for another one every hour would last for ever.
    until: expires,
    ...(environment === undefined ? {} : { environment }),
    check: (state) => void principalOf(controller, state, claims),
  };
}

/** A token is for the environment that was asked for, or for the one that its holder cannot leave. */
function environmentOf(
  state: Database,
  asked: string | undefined,
  { principal, environment }: Basis,
): string | undefined {
  const bound = environment ?? findIdentity(state, principal)?.environment;
  const wanted = asked ?? bound;
  if (bound !== undefined && wanted !== bound) {
    throw new IngotError(
      "token-environment",
      `${principal} has a token for ${bound}, and asked for one for ${wanted}`,
      {
        hint: "a token for another environment takes signing in anew: ingot identity token --environment NAME",
      },
    );
  }
  if (wanted !== undefined && findPolicy(state, wanted) === undefined) {
    throw new IngotError("environment-unknown", `there is no environment ${JSON.stringify(wanted)}`, {
      hint: "name it in environments: of ingot.yaml, then `ingot policy apply`",
    });
  }
  return wanted;
}

function assertFresh(state: Database, once: string): void {
  if (!isTaken(state, once)) return;
  throw new IngotError("assertion-replayed", "what was signed to sign in was used already, and counts once", {
    hint: "sign in anew; if you did not use it yourself, somebody has read it: tell an admin",
  });
}

function unknown(principal: string, issuer: string, why: string): IngotError {
  return new IngotError("identity-unknown", `${issuer} says that this is ${principal}, who ${why}`, {
    hint: "an admin adds a rule under issuers: of controller.yaml, or `ingot identity add`",
  });
}
