import type { Context } from "../ground/context.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { Log } from "../ledger/log/log.ts";
import type { Layout } from "../oci/layout.ts";
import type { PolicyEngine } from "../policy/policy.ts";
import type { Settings } from "./settings.ts";

/** Everything a verb works with. One process has it open (`openController`). */
export type Controller = {
  readonly ctx: Context;
  readonly settings: Settings;
  /** What happened, and the state that follows from it. */
  readonly ledger: Ledger;
  /** Every statement's signature, in the shape of Rekor v2. */
  readonly signatures: Log;
  /** Blobs by digest; names are not used: tags are state. */
  readonly store: Layout;
  readonly policies: PolicyEngine;
  readonly close: () => Promise<void>;
};

/** The folder of the event log, `$INGOT_HOME/ledger/events`. */
export function eventFolder(home: string): string {
  return `${home}/ledger/events`;
}

/** The folder of the signature log, `$INGOT_HOME/ledger/signatures`. */
export function signatureFolder(home: string): string {
  return `${home}/ledger/signatures`;
}
