import { IngotError } from "../../ground/error.ts";
import type { Database } from "../../ledger/projection/database.ts";
import type { Principal } from "../../policy/policy.ts";
import { formatPrincipal } from "../../policy/principal-name.ts";
import type { Controller } from "../controller.ts";
import { makeEvent } from "../events/events.ts";
import { findIdentity, type Identity } from "../state/identities.ts";
import type { AddedIdentity, Standing } from "./add-identity.ts";
import { administer } from "./administer.ts";
import { assertOwnAddresses } from "./assert-own-addresses.ts";
import { hasAdmin } from "./find-admins.ts";
import { openEnrolment } from "./open-enrolment.ts";

/** Gives somebody other roles, groups or addresses; what is not given stays. Throws `identity-unknown`, `identity-last-admin`, `policy-denied`. */
export function changeIdentity(
  controller: Controller,
  by: Principal,
  change: { readonly principal: string } & Partial<Standing>,
): Promise<{ readonly principal: string }> {
  return administer(controller, by, (state) => {
    const { principal, kind, ...now } = requireIdentity(state, change.principal);
    const { roles = now.roles, groups = now.groups, emails = now.emails } = change;
    const environment = change.environment ?? now.environment;
    // Only what is new: who has had an address for long is not kept from a change of roles.
    assertOwnAddresses(state, principal, change.emails ?? []);
    if (!roles.includes("admin")) assertOtherAdmin(controller, state, principal);
    const standing = { roles, groups, emails, ...(environment === undefined ? {} : { environment }) };
    return {
      events: [makeEvent(formatPrincipal(by), "identity.added", { principal, kind, ...standing })],
      result: { principal },
    };
  });
}

/** From now on somebody cannot sign in, and tokens given before count no more. Throws `identity-unknown`, `identity-last-admin`, `policy-denied`. */
export function removeIdentity(
  controller: Controller,
  by: Principal,
  { principal, reason }: { readonly principal: string; readonly reason: string },
): Promise<{ readonly principal: string }> {
  return administer(controller, by, (state) => {
    requireIdentity(state, principal);
    assertOtherAdmin(controller, state, principal);
    return {
      events: [makeEvent(formatPrincipal(by), "identity.removed", { principal, reason })],
      result: { principal },
    };
  });
}

/** Opens a code with which somebody who is registered registers further keys: on a new machine, or where the key was lost. Throws `identity-unknown`, `policy-denied`. */
export function inviteIdentity(controller: Controller, by: Principal, principal: string): Promise<AddedIdentity> {
  return administer(controller, by, (state) => {
    requireIdentity(state, principal);
    const { event, ...enrolment } = openEnrolment(controller, { principal, actor: formatPrincipal(by) });
    return { events: [event], result: { principal, enrolment } };
  });
}

/** Somebody who was not removed. Throws `identity-unknown`. */
export function requireIdentity(state: Database, principal: string): Identity {
  const identity = findIdentity(state, principal);
  if (identity !== undefined && !identity.removed) return identity;
  const said = identity === undefined ? "nobody here is called" : "removed from here was";
  throw new IngotError("identity-unknown", `${said} ${JSON.stringify(principal.slice(0, 300))}`, {
    hint: "ingot identity list",
  });
}

/** Throws `identity-last-admin`: nobody could put it right again but with a new code from a restart. */
export function assertOtherAdmin(controller: Controller, state: Database, principal: string): void {
  if (hasAdmin(controller, state, principal) || !hasAdmin(controller, state)) return;
  throw new IngotError("identity-last-admin", `${principal} is the only admin who can sign in`, {
    hint: "make another one first: ingot identity add NAME --role admin",
  });
}
