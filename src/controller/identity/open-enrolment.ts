import { present } from "../../ground/present.ts";
import type { NewEvent } from "../../ledger/event.ts";
import type { Controller } from "../controller.ts";
import { makeEvent } from "../events/events.ts";
import { makeEnrolmentCode, readEnrolmentCode } from "./enrolment-code.ts";
import { signInOf } from "./sign-in.ts";

/** Seconds. The first admin sits at the terminal that shows the code; others are sent theirs. */
const lifeOfFirst = 3600;
const lifeOfOther = 86_400;

/** `expires`: seconds since 1970. */
export type OpenedEnrolment = { readonly code: string; readonly expires: number; readonly event: NewEvent };

/** A code with which somebody registers keys, and the event that opens it, to be put on the record. */
export function openEnrolment(
  controller: Controller,
  { principal, actor, isFirst }: { readonly principal: string; readonly actor: string; readonly isFirst?: true },
): OpenedEnrolment {
  const code = makeEnrolmentCode(controller.ctx);
  const read = present(readEnrolmentCode(code), "the id of a code");
  const expires = signInOf(controller).now() + (isFirst === true ? lifeOfFirst : lifeOfOther);
  const first = isFirst === true ? { first: true as const } : {};
  return { code, expires, event: makeEvent(actor, "enrolment.opened", { principal, ...read, expires, ...first }) };
}
