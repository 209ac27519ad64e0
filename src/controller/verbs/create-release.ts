import { isDeepStrictEqual } from "node:util";
import { IngotError } from "../../ground/error.ts";
import type { Database } from "../../ledger/projection/database.ts";
import type { Action, Decision, Principal } from "../../policy/policy.ts";
import { shortDigest } from "../../oci/digest.ts";
import type { Controller } from "../controller.ts";
import { makeEvent, type EventData } from "../events/events.ts";
import { assertFreeAddress } from "../fleet/assert-free-address.ts";
import { beginRollout } from "../fleet/begin-rollout.ts";
import { makeSpec } from "../fleet/release-specs.ts";
import { operationsOf } from "../operations.ts";
import { listReleases, type Release } from "../state/releases.ts";
import { findQuarantined, rolloutOfRelease } from "../state/rollouts.ts";
import { authorize, denied, type Asked } from "../decisions/authorize.ts";
import type { BreakGlass } from "./break-glass.ts";

/** What somebody wants to be released. */
export type WantedRelease = {
  readonly action: Extract<Action, "deploy" | "promote" | "rollback">;
  readonly service: string;
  readonly environment: string;
  readonly repository: string;
  /** Digest. */
  readonly image: string;
  readonly configuration: Release["configuration"];
  readonly reason: string;
  readonly from?: NonNullable<Release["from"]>;
  readonly breakGlass?: BreakGlass;
};

/** `created: false`: the current release is the same already, and nothing new came to be. */
export type CreatedRelease = {
  readonly created: boolean;
  readonly release: Release;
  readonly decision: Decision;
};

/**
 * Decides and, where it is permitted, puts the release on the record. `choose` looks at the same state as the decision and the release's number: two at once get different numbers, and
 * neither rests on what the other changed. Throws `policy-denied` once the denial is on the record, `image-quarantined`, `configuration-unusable`, `address-taken` and `address-not-here` for one that could not run here, and what `choose` throws.
 */
export async function createRelease(
  controller: Controller,
  principal: Principal,
  choose: (state: Database) => WantedRelease,
): Promise<CreatedRelease> {
  const { result, events } = await controller.ledger.transact<Result>((state, next) => {
    const wanted = choose(state);
    const asked = toAsked(principal, wanted);
    const { decision, event } = authorize(controller, state, asked);
    const current = listReleases(state, wanted, 1)[0];
    if (!decision.permit) return { events: [event], result: { kind: "denied", asked, decision } };
    assertNotQuarantined(state, wanted);
    const number = (current?.number ?? 0) + 1;
    if (operationsOf(controller) !== undefined) {
      const { spec } = makeSpec(controller.ctx, { ...wanted, number });
      assertFreeAddress({ home: controller.ctx.home, state }, wanted, spec);
    }
    const glass = brokenGlass(controller, wanted, decision);
    if (current !== undefined && isSame(current, wanted) && glass === undefined && !isGivenUp(state, current)) {
      return { events: [event], result: { kind: "same", release: current, decision } };
    }
    const data = toData(wanted, { number, decision: next, glass });
    const kind = wanted.action === "rollback" ? "rollback" : "deploy";
    const made = makeEvent(event.actor, "release.created", data);
    return {
      events: [event, made, ...beginRollout(state, { actor: event.actor, release: data, kind })],
      result: { kind: "created", data, decision },
    };
  });
  if (result.kind === "denied") throw denied(result.asked, result.decision);
  const { decision } = result;
  if (result.kind === "same") return { created: false, release: result.release, decision };
  const [, made] = events;
  if (made === undefined) throw new Error("a release was recorded without its event");
  const release = { ...result.data, createdBy: made.actor, created: made.time, event: made.index };
  return { created: true, release, decision };
}

type Result = { readonly decision: Decision } & (
  | { readonly kind: "denied"; readonly asked: Asked }
  | { readonly kind: "same"; readonly release: Release }
  | { readonly kind: "created"; readonly data: EventData["release.created"] }
);

function toAsked(principal: Principal, wanted: WantedRelease): Asked {
  const { action, service, environment, image, repository, breakGlass } = wanted;
  return {
    principal,
    action,
    resource: { kind: "service", name: service, environment },
    environment,
    image,
    repository,
    ...(breakGlass === undefined ? {} : { breakGlass: breakGlass.reason }),
  };
}

/** Who lifts the quarantine says why it will not fail again; deploying alone says nothing. */
export function assertNotQuarantined(
  state: Database,
  { service, environment, image }: Pick<WantedRelease, "service" | "environment" | "image">,
): void {
  const found = findQuarantined(state, { service, environment, image });
  if (found === undefined) return;
  throw new IngotError(
    "image-quarantined",
    `${shortDigest(image)} failed as service ${service} in ${environment} and is in quarantine there: ${found.why}`,
    { hint: `ingot quarantine lift ${service} ${image} --in ${environment} --reason "what is different now"` },
  );
}

/** The same once more is a new attempt where the last one failed, or somebody cancelled it. */
function isGivenUp(state: Database, release: Release): boolean {
  const status = rolloutOfRelease(state, release)?.status;
  return status === "failed" || status === "cancelled";
}

type Glass = Release["breakGlass"];

/** Only where it went around something: who brings a reason along for a release that the policy permits anyway has broken nothing. */
function brokenGlass({ ledger }: Controller, { breakGlass }: WantedRelease, decision: Decision): Glass {
  if (breakGlass === undefined || decision.lifted === undefined || decision.lifted.length === 0) return undefined;
  const { reason, seconds } = breakGlass;
  return { reason, expires: Math.floor(ledger.now().getTime() / 1000) + seconds };
}

/** Whether nothing would change. A release behind broken glass is never the same as one that the policy permits. */
export function isSame(
  release: Pick<Release, "image" | "configuration" | "breakGlass">,
  wanted: Pick<WantedRelease, "image" | "configuration">,
): boolean {
  return release.breakGlass === undefined && isSameSpec(release, wanted);
}

export function isSameSpec(
  a: Pick<Release, "image" | "configuration">,
  b: Pick<Release, "image" | "configuration">,
): boolean {
  return a.image === b.image && isDeepStrictEqual(a.configuration, b.configuration);
}

function toData(
  { service, environment, repository, image, configuration, reason, from }: WantedRelease,
  { number, decision, glass }: { readonly number: number; readonly decision: number; readonly glass: Glass },
): EventData["release.created"] {
  return {
    service,
    environment,
    number,
    repository,
    image,
    configuration,
    decision,
    reason,
    ...(from === undefined ? {} : { from }),
    ...(glass === undefined ? {} : { breakGlass: glass }),
  };
}
