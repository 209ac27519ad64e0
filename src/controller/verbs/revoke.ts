import { IngotError } from "../../ground/error.ts";
import type { Database } from "../../ledger/projection/database.ts";
import type { Principal } from "../../policy/policy.ts";
import type { Controller } from "../controller.ts";
import { makeEvent } from "../events/events.ts";
import type { RevokedSubject } from "../events/revocation-events.ts";
import { prepareReach, type Reach } from "../lineage/find-reached.ts";
import { recordReached } from "../lineage/reached.ts";
import { repositoriesOf } from "../state/registry.ts";
import { imagesOf, listRevocations } from "../state/revocations.ts";
import { authorize, denied, type Asked } from "../decisions/authorize.ts";
import { isReadable } from "./is-readable.ts";
import { describeReach, type RevocationReport } from "./revocation-report.ts";

export type RevokeOrder = {
  readonly subject: RevokedSubject;
  readonly reason: string;
  /** Says what would be reached, and changes nothing. */
  readonly dryRun?: boolean;
};

/**
 * Revokes an image, a version of a package or a key, and everything that it reaches: from the moment that it is on the record no policy lets any of it be pulled into an environment or released.
 * What was revoked already is not revoked again. Throws `policy-denied`, `revocation-unfounded`.
 */
export async function revoke(
  controller: Controller,
  principal: Principal,
  order: RevokeOrder,
): Promise<RevocationReport> {
  const { ledger } = controller;
  const reason = order.reason.trim();
  if (!isReadable(reason)) throw withoutReason();
  const asked = toAsked(ledger.state, principal, order.subject);
  assertKnown(ledger.state, order.subject);
  const find = await prepareReach(controller, order.subject);
  const { result } = await ledger.transact<Result>((state, next) => {
    const { decision, event } = authorize(controller, state, asked);
    if (!decision.permit) return { events: [event], result: { kind: "denied", decision } };
    const reach = find(state);
    const known = findSame(state, order.subject);
    if (order.dryRun === true) return { events: [], result: { kind: "done", reach } };
    if (known !== undefined) {
      const images = new Set(imagesOf(state, known).map(({ digest }) => digest));
      const more = recordReached(
        known,
        reach.reached.filter(({ digest }) => !images.has(digest)),
      );
      return { events: more.length === 0 ? [] : [event, ...more], result: { kind: "done", reach, event: known } };
    }
    const made = makeEvent(event.actor, "revocation.made", { subject: order.subject, reason });
    // The decision, the revocation, and then what it reaches.
    const number = next + 1;
    return {
      events: [event, made, ...recordReached(number, reach.reached)],
      result: { kind: "done", reach, event: number },
    };
  });
  if (result.kind === "denied") throw denied(asked, result.decision);
  const { reach, event } = result;
  return describeReach(ledger.state, { ...order, reason, reach, ...(event === undefined ? {} : { event }) });
}

type Result =
  | { readonly kind: "denied"; readonly decision: ReturnType<typeof authorize>["decision"] }
  /** `event`: of the revocation; absent for a dry run. */
  | { readonly kind: "done"; readonly reach: Reach; readonly event?: number };

/** Whoever finds a bad image may stop it; what reaches many takes an admin. */
function toAsked(state: Database, principal: Principal, subject: RevokedSubject): Asked {
  const repository = subject.kind === "image" ? repositoriesOf(state, subject.digest)[0] : undefined;
  const resource =
    repository === undefined ? ({ kind: "controller" } as const) : ({ kind: "image", repository } as const);
  return { principal, action: "revoke", resource };
}

/** An image or a package may be revoked before it comes; a key that nobody registered signs nothing that counts, and is mostly a typing error. */
function assertKnown(state: Database, subject: RevokedSubject): void {
  if (subject.kind !== "key" || state.get("SELECT 1 AS yes FROM keys WHERE id = ?", subject.id) !== undefined) return;
  throw new IngotError("key-unregistered", `no key ${subject.id} is registered`, {
    hint: "ingot identity list shows all keys",
  });
}

function findSame(state: Database, subject: RevokedSubject): number | undefined {
  const wanted = keyOf(subject);
  return listRevocations(state, subject.kind).find((one) => keyOf(one.subject) === wanted)?.event;
}

function keyOf(subject: RevokedSubject): string {
  switch (subject.kind) {
    case "image":
      return subject.digest;
    case "package":
      return JSON.stringify([subject.ecosystem, subject.name, subject.version]);
    case "key":
      return subject.id;
  }
}

function withoutReason(): IngotError {
  return new IngotError("revocation-unfounded", "a revocation takes a reason: it stops what others rely on", {
    hint: 'ingot revoke image IMAGE --reason "what is wrong with it"',
  });
}
