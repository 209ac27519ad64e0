import { IngotError } from "../../ground/error.ts";
import type { NewEvent } from "../../ledger/event.ts";
import type { Database } from "../../ledger/projection/database.ts";
import type { Action, Decision, PolicyEngine, Principal, Request } from "../../policy/policy.ts";
import { formatPrincipal } from "../../policy/principal-name.ts";
import type { Controller } from "../controller.ts";
import { describeDenial } from "../../policy/explain/denial.ts";
import { makeEvent } from "../events/events.ts";
import { gatherFacts } from "../facts/gather-facts.ts";
import { listBroken, type Release } from "../state/releases.ts";
import { fitDecision } from "./fit-decision.ts";
import { requirePolicy } from "./require-policy.ts";

/** What somebody asks for. */
export type Asked = {
  readonly principal: Principal;
  readonly action: Action;
  readonly resource: Request["resource"];
  readonly environment?: string;
  /** Digest. */
  readonly image?: string;
  /** By which the image is meant, of several that have it. */
  readonly repository?: string;
  readonly breakGlass?: string;
  /** Who is on the record as having asked, where that is not the principal: the controller itself acts with the rights of one. */
  readonly actor?: string;
};

/** A decision, and the event that puts it on the record. */
export type Authorized = { readonly decision: Decision; readonly event: NewEvent };

/** Asks the policy, by the state as it is. To be called within `ledger.transact`, so that what it rests on is still true when it is recorded. Throws `environment-unknown`. */
export function authorize(controller: Controller, state: Database, asked: Asked): Authorized {
  const { principal, action, resource, breakGlass } = asked;
  const now = Math.floor(controller.ledger.now().getTime() / 1000);
  const decision = fitDecision(judge(controller.policies, { state, now }, asked));
  const actor = asked.actor ?? formatPrincipal(principal);
  const event = makeEvent(actor, "decision.made", {
    ...decision,
    principal: actor,
    action,
    resource: describeResource(resource),
    ...(asked.environment === undefined ? {} : { environment: asked.environment }),
    ...(asked.image === undefined ? {} : { image: asked.image }),
    ...(breakGlass === undefined ? {} : { breakGlass }),
  });
  return { decision, event };
}

/**
 * What the policy says by a state, at a time in seconds since 1970, without a record of it: also for the past. Where a glass was broken for a release, its image may be pulled there until
 * that ends. Throws `environment-unknown`.
 */
export function judge(
  policies: PolicyEngine,
  { state, now }: { readonly state: Database; readonly now: number },
  asked: Asked,
): Decision {
  const { principal, action, resource, environment, image, repository } = asked;
  const policy = environment === undefined ? undefined : requirePolicy(state, environment);
  const glass = asked.breakGlass === undefined ? findBrokenGlass(state, asked, now) : undefined;
  const breakGlass = asked.breakGlass ?? glass?.reason;
  const decision = policies.decide(
    policy === undefined ? policies.rolesOnly() : policies.forEnvironment(policy.files),
    {
      principal,
      action,
      resource,
      now,
      ...(policy === undefined ? {} : { environment: { name: policy.environment, approvals: policy.approvals } }),
      ...(image === undefined ? {} : { image: gatherFacts(state, image) }),
      ...(repository === undefined ? {} : { repository }),
      ...(breakGlass === undefined ? {} : { breakGlass }),
    },
  );
  if (glass === undefined) return decision;
  return { ...decision, until: Math.min(glass.expires, decision.until ?? glass.expires) };
}

/** Instances of a release that went around the policy must be able to start, for as long as that is allowed. */
function findBrokenGlass(state: Database, asked: Asked, now: number): Release["breakGlass"] {
  const { action, environment, image } = asked;
  if ((action !== "pull" && action !== "replace") || environment === undefined || image === undefined) return undefined;
  return listBroken(state, { environment, image })
    .flatMap(({ breakGlass }) => (breakGlass === undefined || breakGlass.expires <= now ? [] : [breakGlass]))
    .toSorted((a, b) => b.expires - a.expires)[0];
}

export function describeResource(resource: Request["resource"]): string {
  switch (resource.kind) {
    case "image":
      return `repository ${resource.repository}`;
    case "service":
      return `service ${resource.name} in ${resource.environment}`;
    case "environment":
      return `environment ${resource.name}`;
    case "controller":
      return "the controller";
  }
}

/** The error of a denial: every missing fact is a line of its details, each with the command that supplies it. */
export function denied(asked: Asked, decision: Decision): IngotError {
  const { principal, action, resource } = asked;
  const what = `${formatPrincipal(principal)} may not ${action} ${describeResource(resource)}`;
  const { message, details, hint } = describeDenial(what, decision.missing);
  return new IngotError("policy-denied", message, {
    details,
    hint: hint ?? "ingot policy explain, or ask an admin of the controller for the role that it needs",
  });
}
