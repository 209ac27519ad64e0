import type { Principal } from "../../policy/policy.ts";
import { formatPrincipal } from "../../policy/principal-name.ts";
import { IngotError } from "../../ground/error.ts";
import type { Guard } from "../../guard/guard.ts";
import { isInstanceId } from "../../runtime/runtime.ts";
import type { Controller } from "../controller.ts";
import { requirePermit } from "../decisions/require-permit.ts";
import { listLiving } from "../state/instances.ts";
import { captureDrift, type Capture } from "./capture-drift.ts";

/**
 * Captures a living instance because a person asks for it: it is not frozen for that and goes on serving, so that what is captured was not all there at one moment, which its summary says. Throws
 * `policy-denied` without the right to debug, `instance-unknown`, `capture-failed`.
 */
export async function captureNow(
  controller: Controller,
  guard: Guard,
  {
    principal,
    ...asked
  }: {
    readonly principal: Principal;
    readonly environment: string;
    readonly service: string;
    readonly instance: string;
  },
): Promise<Capture> {
  const { environment, service, instance } = asked;
  await requirePermit(controller, {
    principal,
    action: "debug",
    resource: { kind: "service", name: service, environment },
    environment,
  });
  const found = listLiving(controller.ledger.state, { environment, service }).find(({ id }) => id === instance);
  if (found === undefined || !isInstanceId(instance)) throw unknown(asked);
  const { release, image } = found;
  const actor = formatPrincipal(principal);
  return captureDrift(controller, guard, { environment, service, release, image, instance, actor });
}

function unknown({
  environment,
  service,
  instance,
}: {
  environment: string;
  service: string;
  instance: string;
}): Error {
  return new IngotError("instance-unknown", `${service} in ${environment} has no instance ${instance}`, {
    hint: "ingot status",
  });
}
