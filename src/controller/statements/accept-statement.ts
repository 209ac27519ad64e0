import type { NewEvent } from "../../ledger/event.ts";
import type { Database } from "../../ledger/projection/database.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Controller } from "../controller.ts";
import { listStatementKeys } from "../state/identities.ts";
import { judgeStatement, type Judged } from "./judge-statement.ts";
import { findCopy, logSignature, type LoggedCopy } from "./log-signature.ts";
import { openKeys } from "./open-keys.ts";
import { readAttachment, type PushedStatement } from "./read-attachment.ts";
import { recordStatement } from "./record-statement.ts";

/** A statement whose bytes were checked, and whose signature is logged if it counts. `decide` is for `ledger.transact`: it judges by the state as it is then. */
export type PreparedStatement = { readonly decide: (state: Database) => JudgedEvents };

export type JudgedEvents = { readonly judged: Judged; readonly events: readonly NewEvent[] };

/**
 * The door for statements, in two steps: everything that takes time, and what must be true when it is recorded. What is altered or malformed is refused. What is rightly made and does
 * not count here (an unknown key, a role that may not say this, an approval for another controller) is kept, and the reason is on the record. What counts is logged in the signature
 * log, and attached a second time with the proof of that.
 */
export async function prepareStatement(
  controller: Controller,
  pushed: PushedStatement,
): Promise<PreparedStatement | { readonly refused: string }> {
  const keys = listStatementKeys(controller.ledger.state);
  const read = readAttachment(controller.store, pushed, openKeys(keys));
  if (read.status === "refused")
    return { refused: `the statement ${pushed.manifest.digest} is refused: ${read.reason}` };
  const judge = (state: Database): Judged => judgeStatement(controller, state, { pushed, read });
  const first = judge(controller.ledger.state);
  const copy = first.status === "counts" ? await makeCopy(controller, first, pushed.manifest.digest) : undefined;
  return {
    decide: (state) => {
      const judged = judge(state);
      return { judged, events: recordStatement({ state, store: controller.store }, { pushed, judged, copy }) };
    },
  };
}

/** One entry in the log for each statement, however often it is pushed. */
async function makeCopy(
  controller: Controller,
  { signed, same }: Extract<Judged, { status: "counts" }>,
  original: Digest,
): Promise<LoggedCopy> {
  const known = same?.logged === undefined ? undefined : findCopy(controller.store, same.logged);
  if (known !== undefined) return known;
  return logSignature(controller, signed, original);
}
