import { IngotError } from "../../ground/error.ts";
import type { Guard, GuardStatus } from "../../guard/guard.ts";
import type { Principal } from "../../policy/policy.ts";
import { formatPrincipal } from "../../policy/principal-name.ts";
import type { Controller } from "../controller.ts";
import { requirePermit } from "../decisions/require-permit.ts";
import { makeEvent, system } from "../events/events.ts";
import { clearAlarm } from "../fleet/raise-alarm.ts";
import { listBreakers } from "../state/breakers.ts";

export type ServiceName = { readonly environment: string; readonly service: string };

/** Puts on the record which breakers have closed by time: those that stand open there and that the guard has closed. To be called whenever the guard's state was asked for. */
export async function recordClosedBreakers({ ledger }: Controller, now: GuardStatus["breaker"]): Promise<void> {
  const isOpen = (of: ServiceName): boolean => now.some((one) => one.state === "open" && isSame(one, of));
  if (listBreakers(ledger.state).every(isOpen)) return;
  await ledger.transact((state) => ({
    events: listBreakers(state)
      .filter((one) => !isOpen(one))
      .flatMap(({ environment, service }) => [
        makeEvent(system, "breaker.closed", { environment, service, by: "time" }),
        ...clearAlarm(state, { environment, service, alarm: "breaker-open" }),
      ]),
    result: undefined,
  }));
}

/** A person says that drift of a service is to be frozen and replaced again. Throws `policy-denied`, `breaker-closed`. */
export async function resetBreaker(
  controller: Controller,
  guard: Guard,
  { principal, of }: { readonly principal: Principal; readonly of: ServiceName },
): Promise<void> {
  const { environment, service } = of;
  await requirePermit(controller, {
    principal,
    action: "replace",
    resource: { kind: "service", name: service, environment },
    environment,
  });
  const { breaker } = await guard.status();
  const isOpen = breaker.some((one) => one.state === "open" && isSame(one, of));
  if (!isOpen && !listBreakers(controller.ledger.state).some((one) => isSame(one, of))) throw closed(of);
  await guard.resetBreaker({ environment, service });
  await controller.ledger.transact((state) => ({
    events: [
      makeEvent(formatPrincipal(principal), "breaker.closed", { environment, service, by: "person" }),
      ...clearAlarm(state, { environment, service, alarm: "breaker-open" }),
    ],
    result: undefined,
  }));
}

function closed({ environment, service }: ServiceName): IngotError {
  return new IngotError("breaker-closed", `the breaker of ${service} in ${environment} is not open`, {
    hint: "ingot drift status",
  });
}

function isSame(one: ServiceName, other: ServiceName): boolean {
  return one.environment === other.environment && one.service === other.service;
}
