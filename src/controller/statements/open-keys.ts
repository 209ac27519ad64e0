import { createPublicKey, type KeyObject } from "node:crypto";
import type { VerifyingKey } from "../../evidence/statement/check-bundle.ts";
import type { StatementKey } from "../state/identities.ts";

/** The registered keys, each opened once, to try a signature with: active ones first. Who owns them, and for what they count, is in the state. */
export function openKeys(keys: readonly StatementKey[]): readonly VerifyingKey[] {
  const byId = new Map(keys.map((key) => [key.id, key]));
  return [...byId.values()].map(({ id, pem }) => ({ id, key: openKey(id, pem), trusted: [] }));
}

/** By id, which is the hash of the key: the same id is the same key for ever. */
const opened = new Map<string, KeyObject>();

function openKey(id: string, pem: string): KeyObject {
  const known = opened.get(id);
  if (known !== undefined) return known;
  const key = createPublicKey(pem);
  opened.set(id, key);
  return key;
}
