import { requirePermit } from "../controller/decisions/require-permit.ts";
import type { RouteCall } from "./route.ts";

/** For routes that tell what is on the record. Throws `policy-denied` for whoever may not read it. */
export function requireReader({
  controller,
  principal,
}: Pick<RouteCall<unknown>, "controller" | "principal">): Promise<void> {
  return requirePermit(controller, { principal, action: "audit", resource: { kind: "controller" } });
}
