import type { ServiceKey } from "../../fleet/fleet.ts";
import type { NewEvent } from "../../ledger/event.ts";
import type { Database } from "../../ledger/projection/database.ts";
import type { Principal } from "../../policy/policy.ts";
import type { Controller } from "../controller.ts";
import { authorize, denied } from "../decisions/authorize.ts";
import { controllerItself } from "../decisions/controller-itself.ts";
import { makeEvent, system, type EventData } from "../events/events.ts";
import { listReleases, type Release } from "../state/releases.ts";
import { beginRollout } from "./begin-rollout.ts";

/** `principal`: who has it made; the controller itself by default. */
export type AutomaticRelease = {
  readonly key: ServiceKey;
  readonly target: Release;
  readonly reason: string;
  readonly kind: EventData["rollout.created"]["kind"];
  /** The number of the first event. */
  readonly next: number;
  readonly principal?: Principal;
  /** The rollout that ends in the same transaction. */
  readonly ending?: number;
};

/** `denial`: what the policy says against it. */
export type AutomaticEvents = { readonly events: readonly NewEvent[]; readonly denial?: string };

/**
 * The events by which an earlier release's image and configuration come back, as a release of its own, by leave of the policy: the decision, and where it permits, the release and its rollout. To be appended in the
 * transaction that read the state.
 */
export function bringBack(controller: Controller, state: Database, order: AutomaticRelease): AutomaticEvents {
  const { key, target, reason, kind, next, principal, ending } = order;
  const { environment, service } = key;
  const { image, repository, configuration } = target;
  const asked = {
    principal: principal ?? controllerItself,
    action: "rollback",
    resource: { kind: "service", name: service, environment },
    environment,
    image,
    repository,
    ...(principal === undefined ? { actor: system } : {}),
  } as const;
  const { decision, event } = authorize(controller, state, asked);
  if (!decision.permit) {
    const { message, details } = denied(asked, decision);
    return { events: [event], denial: [message, ...details].join("; ") };
  }
  const number = (listReleases(state, key, 1)[0]?.number ?? 0) + 1;
  const release: EventData["release.created"] = {
    service,
    environment,
    number,
    repository,
    image,
    configuration,
    decision: next,
    reason,
    from: { environment, number: target.number, kind: "rollback" },
  };
  const { actor } = event;
  return {
    events: [
      event,
      makeEvent(actor, "release.created", release),
      ...beginRollout(state, { actor, release, kind, ...(ending === undefined ? {} : { ending }) }),
    ],
  };
}
