import type { Principal } from "../../policy/policy.ts";
import type { InstanceId, LogRequest } from "../../runtime/runtime.ts";
import type { Controller } from "../controller.ts";
import { requirePermit } from "../decisions/require-permit.ts";
import { requireOperations } from "../operations.ts";
import { listLiving } from "../state/instances.ts";
import { unknownInstance, type ReplaceOrder } from "./replace-instance.ts";

/** What an instance printed, as it came. */
export type InstanceLog = { readonly instance: InstanceId; readonly bytes: AsyncIterable<Uint8Array> };

/**
 * What instances of a service printed, each by itself. Output may hold what users sent: it takes the right to debug. Throws `policy-denied`, `fleet-not-here`, `instance-unknown`; what is iterated throws
 * what `Runtime.logs` does.
 */
export async function readLogs(
  controller: Controller,
  principal: Principal,
  order: ReplaceOrder & { readonly request?: LogRequest },
): Promise<readonly InstanceLog[]> {
  await requireLogs(controller, principal, order);
  const { runtime } = requireOperations(controller);
  const living = listLiving(controller.ledger.state, order).filter(
    ({ id }) => order.instance === undefined || id === order.instance,
  );
  if (living.length === 0) throw unknownInstance(order);
  return living.map(({ id }) => ({
    instance: id as InstanceId,
    bytes: runtime.logs(id as InstanceId, order.request),
  }));
}

/** To be asked again while a log is followed. Throws `policy-denied`. */
export function requireLogs(
  controller: Controller,
  principal: Principal,
  { service, environment }: Pick<ReplaceOrder, "service" | "environment">,
): Promise<void> {
  const resource = { kind: "service", name: service, environment } as const;
  return requirePermit(controller, { principal, action: "debug", resource, environment });
}
