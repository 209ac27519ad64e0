import type { Controller } from "../controller.ts";
import { authorize, denied, type Asked } from "./authorize.ts";
import { isOnRecord } from "./is-on-record.ts";

/**
 * Asks the policy for something that changes nothing (a reading, or an act whose event the caller makes). A denial is put on the record, where it is another than the last one; a permit to read is not,
 * as it would bury everything else. Throws `policy-denied`.
 */
export async function requirePermit(controller: Controller, asked: Asked): Promise<void> {
  const { ledger } = controller;
  const { decision, event } = authorize(controller, ledger.state, asked);
  if (decision.permit) return;
  // Attack: who may nothing asks a million times, and each is an event for ever.
  await ledger.transact((state) => ({ events: isOnRecord(state, asked, decision) ? [] : [event], result: undefined }));
  throw denied(asked, decision);
}
