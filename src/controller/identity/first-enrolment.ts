import type { Controller } from "../controller.ts";
import { system } from "../events/events.ts";
import { hasAdmin } from "./find-admins.ts";
import { openEnrolment } from "./open-enrolment.ts";

/**
 * The code with which the first admin signs in, good for an hour; another one at each start for as long as there is no admin. Undefined where there is one. To be printed once: it is
 * nowhere else.
 */
export async function firstEnrolment(controller: Controller): Promise<string | undefined> {
  const { result } = await controller.ledger.transact((state) => {
    if (hasAdmin(controller, state)) return { events: [], result: undefined };
    const { code, event } = openEnrolment(controller, { principal: "user:admin", actor: system, isFirst: true });
    return { events: [event], result: code };
  });
  return result;
}
