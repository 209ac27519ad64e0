import { shortId } from "../../evidence/keys/key-folder.ts";
import { IngotError } from "../../ground/error.ts";
import type { NewEvent } from "../../ledger/event.ts";
import type { Database } from "../../ledger/projection/database.ts";
import { makeEvent } from "../events/events.ts";
import type { RegisteredKey } from "../events/identity-events.ts";
import { findKeyOwner } from "../state/identities.ts";

/**
 * The events that register keys. Throws `key-registered` for a key that is known already, whosever it is: registered anew it would take the word of its owner over, or bring back what
 * was retired or revoked.
 */
export function registerKeys(
  state: Database,
  {
    actor,
    principal,
    keys,
  }: { readonly actor: string; readonly principal: string; readonly keys: readonly RegisteredKey[] },
): readonly NewEvent[] {
  const seen = new Set<string>();
  for (const { id } of keys) {
    const owner = findKeyOwner(state, id) ?? (seen.has(id) ? principal : undefined);
    if (owner !== undefined) throw registered(id, owner);
    seen.add(id);
  }
  return keys.map((key) => makeEvent(actor, "key.registered", { principal, key }));
}

function registered(id: string, owner: string): IngotError {
  return new IngotError("key-registered", `the key ${shortId(id)} is registered already, as one of ${owner}`, {
    hint: "a key has one owner and one use: `ingot key rotate ROLE` makes another; a key to sign in with is made by `ingot login --enrol` once keys/identity.key is moved away",
  });
}
