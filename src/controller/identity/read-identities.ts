import type { Principal } from "../../policy/policy.ts";
import type { Controller } from "../controller.ts";
import { listIdentities, type Identity } from "../state/identities.ts";
import { requirePermit } from "../verbs/require-permit.ts";
import { requireIdentity } from "./change-identity.ts";
import { formatPrincipal } from "./principal-name.ts";

/** Everybody who is registered; who was removed too, where asked for. Throws `policy-denied`. */
export async function readIdentities(
  controller: Controller,
  by: Principal,
  { removed }: { readonly removed: boolean },
): Promise<readonly Identity[]> {
  await requirePermit(controller, { principal: by, action: "audit", resource: { kind: "controller" } });
  return listIdentities(controller.ledger.state).filter((one) => removed || !one.removed);
}

/** Somebody; everyone may look at themselves. Throws `identity-unknown`, `policy-denied`. */
export async function readIdentity(controller: Controller, by: Principal, principal: string): Promise<Identity> {
  if (principal !== formatPrincipal(by)) {
    await requirePermit(controller, { principal: by, action: "audit", resource: { kind: "controller" } });
  }
  return requireIdentity(controller.ledger.state, principal);
}
