import { parsePublicKey } from "../../evidence/keys/public-key.ts";
import { IngotError } from "../../ground/error.ts";
import type { Database } from "../../ledger/projection/database.ts";
import type { Principal, PrincipalRole } from "../../policy/policy.ts";
import type { Controller } from "../controller.ts";
import { makeEvent } from "../events/events.ts";
import type { KeyUse } from "../events/identity-events.ts";
import { findIdentity, findLookalike, type Identity } from "../state/identities.ts";
import { administer } from "./administer.ts";
import { assertOwnAddresses } from "./assert-own-addresses.ts";
import { openEnrolment } from "./open-enrolment.ts";
import { formatPrincipal, parsePrincipal } from "../../policy/principal-name.ts";
import { registerKeys } from "./register-keys.ts";
import { assertRegistrable } from "./registrable-name.ts";

/** Who somebody is, beside the name and the keys. */
export type Standing = {
  readonly roles: readonly PrincipalRole[];
  readonly groups: readonly string[];
  readonly emails: readonly string[];
  readonly environment?: string;
};

export type NewIdentity = Standing & {
  readonly principal: string;
  /** Public keys; none: a code is opened with which they are registered. */
  readonly keys: readonly { readonly pem: string; readonly use: KeyUse }[];
  /** It is the same one as before, and was removed. */
  readonly again?: boolean;
};

export type AddedIdentity = {
  readonly principal: string;
  /** `expires`: seconds since 1970. */
  readonly enrolment?: { readonly code: string; readonly expires: number };
};

/** Throws `identity-exists`, `key-registered`, `key-malformed`, `key-unsuitable`, `policy-denied`, `usage`. */
export async function addIdentity(
  controller: Controller,
  by: Principal,
  identity: NewIdentity,
): Promise<AddedIdentity> {
  const name = requirePrincipal(controller, identity.principal);
  const keys = identity.keys.map(({ pem, use }) => ({ ...parsePublicKey(pem, `the key for ${use}`), use }));
  const actor = formatPrincipal(by);
  const { principal, again = false } = identity;
  return administer<AddedIdentity>(controller, by, (state) => {
    assertNew(findIdentity(state, principal), { principal, again });
    assertDistinct(state, principal);
    const { roles, groups, emails, environment } = identity;
    assertOwnAddresses(state, principal, emails);
    const standing = { roles, groups, emails, ...(environment === undefined ? {} : { environment }) };
    const added = makeEvent(actor, "identity.added", { principal, kind: name.kind, ...standing });
    const registered = registerKeys(state, { actor, principal, keys });
    // Whoever signs in with an issuer's word, and whoever was given a key to sign in with, needs no code.
    if (name.name.includes("@") || keys.some(({ use }) => use === "identity")) {
      return { events: [added, ...registered], result: { principal } };
    }
    const { event, ...enrolment } = openEnrolment(controller, { principal, actor });
    return { events: [added, ...registered, event], result: { principal, enrolment } };
  });
}

/** The kind and name of who may be registered. Throws `usage`. */
function requirePrincipal(controller: Controller, text: string): NonNullable<ReturnType<typeof parsePrincipal>> {
  const parsed = parsePrincipal(text);
  if (parsed === undefined) {
    throw new IngotError("usage", `expected a principal such as user:alice, got ${JSON.stringify(text)}`, {
      hint: "ingot identity add --help",
    });
  }
  assertRegistrable(parsed.name, controller.settings.issuers);
  return parsed;
}

/** A name is for one person for ever: history names people by it. */
function assertNew(
  known: Pick<Identity, "removed"> | undefined,
  { principal, again }: { readonly principal: string; readonly again: boolean },
): void {
  if (known === undefined || (known.removed && again)) return;
  const { removed } = known;
  const said = removed
    ? `${principal} was removed, and history knows it by this name`
    : `there is ${principal} already`;
  throw new IngotError("identity-exists", said, {
    hint: removed
      ? `another name for somebody else; for the same one again: ingot identity add --again`
      : `ingot identity change, add-key or enrol`,
  });
}

/** Attack: `user:Alice`, beside or after `user:alice`, whom people take for her in every list, log and approval. Throws `identity-exists`. */
export function assertDistinct(state: Database, principal: string): void {
  const other = findLookalike(state, principal);
  if (other === undefined) return;
  throw new IngotError("identity-exists", `${principal} is ${other} but for upper and lower case`, {
    hint: "another name, that nobody takes for theirs",
  });
}
