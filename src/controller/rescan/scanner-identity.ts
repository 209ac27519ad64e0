import { shortId } from "../../evidence/keys/key-folder.ts";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import type { NewEvent } from "../../ledger/event.ts";
import type { Database } from "../../ledger/projection/database.ts";
import type { Controller } from "../controller.ts";
import { makeEvent, system } from "../events/events.ts";
import { readOwnKey, type OwnKey } from "../identity/own-key.ts";
import { registerKeys } from "../identity/register-keys.ts";
import { findIdentity, findKey, findKeyOwner } from "../state/identities.ts";

/**
 * Who scans of the controller's own are by. It has no role and no key to sign in with, so that it can do nothing but say what a scan found. Nobody can be registered under the name: a slash is in none that an
 * admin gives, and what an issuer gives has an `@`.
 */
export const ownScanner = "workload:controller/scanner";

/** The key of `$INGOT_HOME/ledger/scanner.key` (mode 0600), made at first need. Throws `key-exposed`, `key-malformed`, `key-unsuitable`. */
export function readScannerKey(ctx: Pick<Context, "home">): OwnKey {
  return readOwnKey(ctx, { file: "scanner.key", purpose: "scans" });
}

/** The key, registered for `scanner` alone, so that what it signs counts by the rules that hold for every scanner. Throws `scanner-key-ended`, `key-registered`, and what reading it throws. */
export async function openScannerKey(controller: Controller): Promise<OwnKey> {
  const { ctx, ledger } = controller;
  const own = readScannerKey(ctx);
  if (registration(ledger.state, own).length === 0) return own;
  await ledger.transact((state) => ({ events: registration(state, own), result: undefined }));
  return own;
}

/** None where it is registered. Attack: whoever stole the key, which was revoked for it, restarts the controller to have it registered again. */
function registration(state: Database, { key }: OwnKey): readonly NewEvent[] {
  const known = findKey(state, key.id, "scanner");
  if (known?.principal === ownScanner) {
    if (known.status === "active") return [];
    throw ended(key.id, known.status);
  }
  const owner = findKeyOwner(state, key.id);
  if (owner === ownScanner) throw ended(key.id, "registered for something else");
  const { id, pem } = key;
  return [
    ...(findIdentity(state, ownScanner)?.removed === false ? [] : [added]),
    ...registerKeys(state, { actor: system, principal: ownScanner, keys: [{ id, pem, use: "scanner" }] }),
  ];
}

const added = makeEvent(system, "identity.added", {
  principal: ownScanner,
  kind: "workload",
  groups: [],
  roles: [],
  emails: [],
});

function ended(id: string, status: string): IngotError {
  return new IngotError("scanner-key-ended", `the key ${shortId(id)} of ${ownScanner} is ${status}`, {
    hint: "remove ledger/scanner.key of the controller's home: a new key is made and registered for the next scan",
  });
}
