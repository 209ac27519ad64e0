import { hash } from "node:crypto";
import type { Database } from "../../ledger/projection/database.ts";
import type { Principal } from "../../policy/policy.ts";
import { formatPrincipal, parsePrincipal } from "../../policy/principal-name.ts";
import type { Controller } from "../controller.ts";
import { findIdentity, findKey } from "../state/identities.ts";
import { findToken, type KnownToken } from "../state/sign-ins.ts";
import { expired, invalid, readAccessToken, type AccessClaims } from "./access-token.ts";
import { readAuthorization } from "./read-authorization.ts";
import { signInOf, type CheckedToken } from "./sign-in.ts";

/**
 * Who asks, by an `Authorization` header: an access token as Bearer, or as the password of Basic, which is how Docker and its like send it. Undefined without a header. Throws `token-invalid`,
 * `token-expired`.
 */
export async function authenticate(
  controller: Controller,
  authorization: string | undefined,
): Promise<Principal | undefined> {
  if (authorization === undefined) return undefined;
  const { token, username } = readAuthorization(authorization, controller.settings.baseUrl);
  const { principal } = await checkToken(controller, token);
  if (username !== undefined && username !== formatPrincipal(principal)) {
    throw invalid(controller.settings.baseUrl, `it is not of ${username}`);
  }
  return principal;
}

/** Tokens that are remembered: more than a busy controller has clients. */
const mostChecked = 20_000;

/** A token of this controller that is good now. A token that was checked is not checked again until something changes that it rests on. */
export async function checkToken(controller: Controller, token: string): Promise<CheckedToken> {
  const { checked, generation, now } = signInOf(controller);
  const key = hash("sha256", token, "latin1");
  const known = checked.get(key);
  if (known !== undefined && known.generation === generation()) {
    if (now() < known.expires) return known;
    checked.delete(key);
    throw expired(controller.settings.baseUrl);
  }
  const claims = await readAccessToken(controller, token);
  // Taken together with the state, not before the signature was checked: what changes meanwhile counts.
  const at = generation();
  const principal = principalOf(controller, controller.ledger.state, claims);
  const found: CheckedToken = { principal, id: claims.id, expires: claims.expires, generation: at };
  // Attack: a role that was about to be given when the disk filled up. It never came to be, and no event would tell that.
  await controller.ledger.settled();
  if (checked.size >= mostChecked) checked.delete(checked.keys().next().value ?? "");
  checked.set(key, found);
  return found;
}

/**
 * Who a token stands for, by the state as it is. The ledger knows every token that was given: one that it does not know was made by somebody who has the token key.
 * Throws `token-invalid`.
 */
export function principalOf(controller: Controller, state: Database, claims: AccessClaims): Principal {
  const { baseUrl } = controller.settings;
  const known = findToken(state, claims.id);
  const name = parsePrincipal(claims.principal);
  if (
    known === undefined ||
    name === undefined ||
    known.principal !== claims.principal ||
    known.expires !== claims.expires
  ) {
    throw invalid(baseUrl, "this controller never gave it");
  }
  const { environment } = known;
  const identity = findIdentity(state, claims.principal);
  if (identity?.removed === true) throw invalid(baseUrl, `${claims.principal} was removed`);
  assertGround(controller, state, { known, isRegistered: identity !== undefined });
  // Somebody who was registered for one environment since then.
  if (identity?.environment !== undefined && identity.environment !== environment)
    throw invalid(baseUrl, `${claims.principal} is of the environment ${identity.environment}`);
  return {
    ...name,
    groups: join(identity?.groups, known.groups),
    roles: join(identity?.roles, known.roles),
    ...(environment === undefined ? {} : { environment }),
  };
}

/** What a token was given for must still count. */
function assertGround(
  { settings: { baseUrl, issuers } }: Controller,
  state: Database,
  { known: { ground }, isRegistered }: { readonly known: KnownToken; readonly isRegistered: boolean },
): void {
  if ("key" in ground) {
    if (isRegistered && findKey(state, ground.key, "identity")?.status === "active") return;
    throw invalid(baseUrl, "the key that it rests on was retired or revoked");
  }
  if ("controller" in ground) return;
  if (issuers.some(({ url }) => url === ground.issuer)) return;
  throw invalid(baseUrl, `the issuer ${ground.issuer} is not trusted any more`);
}

function join<T>(one: readonly T[] = [], other: readonly T[] = []): readonly T[] {
  return [...new Set([...one, ...other])];
}
