import type { Principal } from "../../policy/policy.ts";
import { formatPrincipal } from "../../policy/principal-name.ts";
import type { Controller } from "../controller.ts";
import { stateAt } from "../state-at.ts";
import { listIdentities, type Identity } from "../state/identities.ts";
import { requirePermit } from "../decisions/require-permit.ts";
import { requireIdentity } from "./change-identity.ts";

/** Everybody who is registered, or was at a time; who was removed too, where asked for. Throws `policy-denied`, `request-malformed` for a time that is none. */
export async function readIdentities(
  controller: Controller,
  by: Principal,
  { removed, at }: { readonly removed: boolean; readonly at?: string },
): Promise<readonly Identity[]> {
  await requirePermit(controller, { principal: by, action: "audit", resource: { kind: "controller" } });
  const { state } = await stateAt(controller, at);
  return listIdentities(state).filter((one) => removed || !one.removed);
}

/** Somebody, as they are or were at a time; everyone may look at themselves. Throws `identity-unknown`, `policy-denied`. */
export async function readIdentity(
  controller: Controller,
  by: Principal,
  { principal, at }: { readonly principal: string; readonly at?: string },
): Promise<Identity> {
  if (principal !== formatPrincipal(by)) {
    await requirePermit(controller, { principal: by, action: "audit", resource: { kind: "controller" } });
  }
  const { state } = await stateAt(controller, at);
  return requireIdentity(state, principal);
}
