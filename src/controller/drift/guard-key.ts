import type { Context } from "../../ground/context.ts";
import { readOwnKey, type OwnKey } from "../identity/own-key.ts";

/** The key by which the controller says what it captured, and nothing else: it is registered for no role. */
export type GuardKey = OwnKey;

/** The key of `$INGOT_HOME/ledger/guard.key` (mode 0600), made at first need. Throws `key-exposed`, `key-malformed`, `key-unsuitable`. */
export function readGuardKey(ctx: Pick<Context, "home">): GuardKey {
  return readOwnKey(ctx, { file: "guard.key", purpose: "captures" });
}
