import type { Outcome } from "../../ledger/ledger.ts";
import type { Database } from "../../ledger/projection/database.ts";
import type { Principal } from "../../policy/policy.ts";
import type { Controller } from "../controller.ts";
import { authorize, denied, type Asked } from "../decisions/authorize.ts";

/** Does what only an admin may: the decision goes on the record together with what follows from it, and a denial alone. Throws `policy-denied`. */
export async function administer<T>(
  controller: Controller,
  principal: Principal,
  decide: (state: Database) => Outcome<T>,
): Promise<T> {
  const asked: Asked = { principal, action: "administer", resource: { kind: "controller" } };
  const { result } = await controller.ledger.transact<
    { readonly done: T } | Pick<ReturnType<typeof authorize>, "decision">
  >((state) => {
    const { decision, event } = authorize(controller, state, asked);
    if (!decision.permit) return { events: [event], result: { decision } };
    const { events, result: done } = decide(state);
    return { events: [event, ...events], result: { done } };
  });
  if ("decision" in result) throw denied(asked, result.decision);
  return result.done;
}
