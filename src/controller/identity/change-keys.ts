import { shortId } from "../../evidence/keys/key-folder.ts";
import { parsePublicKey } from "../../evidence/keys/public-key.ts";
import { IngotError } from "../../ground/error.ts";
import type { Outcome } from "../../ledger/ledger.ts";
import type { Database } from "../../ledger/projection/database.ts";
import type { Principal } from "../../policy/policy.ts";
import type { Controller } from "../controller.ts";
import { makeEvent } from "../events/events.ts";
import type { KeyUse } from "../events/identity-events.ts";
import { findIdentity, type IdentityKey } from "../state/identities.ts";
import { administer } from "./administer.ts";
import { assertOtherAdmin, requireIdentity } from "./change-identity.ts";
import { verifyOwnJwt } from "./client-assertion.ts";
import { readOfferedKey, replacingOf, type OfferedKey } from "./possession.ts";
import { formatPrincipal } from "../../policy/principal-name.ts";
import { registerKeys } from "./register-keys.ts";

type Answer = { readonly principal: string; readonly keys: readonly string[] };

/** Registers further keys of somebody, on an admin's word. Throws `identity-unknown`, `key-registered`, `key-malformed`, `key-unsuitable`, `policy-denied`. */
export async function addKeys(
  controller: Controller,
  by: Principal,
  added: { readonly principal: string; readonly keys: readonly { readonly pem: string; readonly use: KeyUse }[] },
): Promise<Answer> {
  const { principal } = added;
  const keys = added.keys.map(({ pem, use }) => ({ ...parsePublicKey(pem, `the key for ${use}`), use }));
  return administer(controller, by, (state) => {
    requireIdentity(state, principal);
    const events = registerKeys(state, { actor: formatPrincipal(by), principal, keys });
    return { events, result: { principal, keys: keys.map(({ id }) => id) } };
  });
}

/**
 * Ends a key: it signs in nobody and signs nothing new, but what it signed still counts. A key that was stolen is revoked instead. Its owner may do that, and an admin. `key`: its id, or
 * how that begins. Throws `key-unregistered`, `identity-last-key`, `identity-last-admin`, `policy-denied`.
 */
export async function retireKey(
  controller: Controller,
  by: Principal,
  { principal, key }: { readonly principal: string; readonly key: string },
): Promise<Answer> {
  const actor = formatPrincipal(by);
  const decide = (state: Database): Outcome<Answer> => {
    const { id, use } = requireKey(state, principal, key);
    if (use === "identity" && countIdentityKeys(state, principal) === 1) {
      if (actor === principal) throw lastKey(principal);
      assertOtherAdmin(controller, state, principal);
    }
    return { events: [makeEvent(actor, "key.retired", { principal, id, use })], result: { principal, keys: [id] } };
  };
  // Whoever fears for a key of theirs shall not have to wait for an admin. A token for one environment does not reach that far.
  if (actor !== principal || by.environment !== undefined) return administer(controller, by, decide);
  return (await controller.ledger.transact(decide)).result;
}

export type Successor = {
  /** Id of the key that it is to replace, or how that begins. */
  readonly key: string;
  /** The new key, with the use of the old one. */
  readonly pem: string;
  /** Signed by the new key (`signPossession`), and by the old one (`signReplacement`). */
  readonly proof: string;
  readonly agreed: string;
};

/**
 * Registers a new key of one's own beside the old one, which is retired once the new one is in its place. Both must have signed that: a stolen access token alone, or a stolen key alone, plants
 * no other key. Throws `key-unregistered`, `key-registered`, `assertion-invalid`, `controller-mismatch`.
 */
export async function succeedKey(controller: Controller, by: Principal, successor: Successor): Promise<Answer> {
  const { ledger } = controller;
  const principal = formatPrincipal(by);
  const old = requireKey(ledger.state, principal, successor.key);
  const offered: OfferedKey = { pem: successor.pem, use: old.use, proof: successor.proof };
  const key = await readOfferedKey(controller, offered, replacingOf(old.id));
  const { payload } = await verifyOwnJwt(controller, successor.agreed, () => old);
  if (payload.sub !== old.id || payload.replacement !== key.id) throw notAgreed(old.id);
  const { result } = await ledger.transact((state) => {
    requireKey(state, principal, old.id);
    const events = registerKeys(state, { actor: principal, principal, keys: [key] });
    return { events, result: { principal, keys: [key.id] } };
  });
  return result;
}

function notAgreed(id: string): IngotError {
  return new IngotError("assertion-invalid", `the key ${shortId(id)} has not signed that this key takes its place`, {
    hint: "ingot identity rotate-key",
  });
}

function lastKey(principal: string): IngotError {
  return new IngotError("identity-last-key", `it is the only key with which ${principal} can sign in`, {
    hint: "put a new one in its place: ingot identity rotate-key; an admin can end it all the same",
  });
}

/** One active key of somebody. Throws `key-unregistered`. */
function requireKey(state: Database, principal: string, start: string): IdentityKey {
  const keys =
    findIdentity(state, principal)?.keys.filter(({ id, status }) => status === "active" && id.startsWith(start)) ?? [];
  const [key, second] = keys;
  if (key !== undefined && second === undefined && start.length >= 8) return key;
  const said = second === undefined ? "no active key" : "more than one active key";
  throw new IngotError("key-unregistered", `${principal} has ${said} whose id begins with ${JSON.stringify(start)}`, {
    hint: `ingot identity show ${principal}`,
  });
}

function countIdentityKeys(state: Database, principal: string): number {
  const keys = findIdentity(state, principal)?.keys ?? [];
  return keys.filter(({ use, status }) => use === "identity" && status === "active").length;
}
