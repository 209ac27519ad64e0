import type { RolloutFact, ServiceKey } from "../../fleet/fleet.ts";
import { present } from "../../ground/present.ts";
import type { NewEvent } from "../../ledger/event.ts";
import type { Database } from "../../ledger/projection/database.ts";
import type { Controller } from "../controller.ts";
import { makeEvent, system } from "../events/events.ts";
import { listAlarms } from "../state/alarms.ts";
import { findRelease } from "../state/releases.ts";
import { stableOf, type RecordedRollout } from "../state/rollouts.ts";
import { bringBack } from "./automatic-release.ts";
import { raiseAlarm } from "./raise-alarm.ts";

export type Failure = {
  readonly key: ServiceKey;
  readonly rollout: RecordedRollout;
  readonly fact: RolloutFact & { readonly kind: "failed" };
  /** The number of the first event. */
  readonly next: number;
};

/** A rollout that failed: its image is in quarantine from now on, and the release before comes back in the same breath. */
export function recordFailure(controller: Controller, state: Database, failure: Failure): readonly NewEvent[] {
  const { key, rollout, fact, next } = failure;
  const { environment, service } = key;
  const of = { environment, service };
  const { id, release, image } = rollout;
  const why = [fact.why, ...obstacles(state, key)].join("; ").slice(0, 4000);
  const failed = [
    makeEvent(system, "rollout.failed", { ...of, rollout: id, release, why }),
    ...(isImageToBlame(state, failure)
      ? [makeEvent(system, "image.quarantined", { ...of, image, why, rollout: id })]
      : []),
  ];
  return [...failed, ...goBack(controller, state, { ...failure, next: next + failed.length })];
}

/** What stood in the way by then. */
function obstacles(state: Database, key: ServiceKey): readonly string[] {
  return listAlarms(state, key)
    .filter(({ alarm }) => alarm === "start-failed" || alarm === "traffic-failed")
    .map(({ message }) => message);
}

/** A release that has the image of the stable one differs in its configuration alone: quarantine would forbid what works. And that nothing could be given traffic is the fault of the proxy or of the address. */
function isImageToBlame(state: Database, { key, rollout }: Failure): boolean {
  if (listAlarms(state, key).some(({ alarm }) => alarm === "traffic-failed")) return false;
  const stable = stableOf(state, key);
  if (stable === undefined) return true;
  return findRelease(state, { ...key, number: stable })?.image !== rollout.image;
}

/** It never goes back from what was gone back to: then the stable release goes on as it is, and a person decides. */
function goBack(controller: Controller, state: Database, { key, rollout, fact, next }: Failure): readonly NewEvent[] {
  const stable = stableOf(state, key);
  if (!fact.revert || rollout.kind !== "deploy" || stable === undefined) return [];
  const target = present(findRelease(state, { ...key, number: stable }), `release ${stable}`);
  const reason = `release ${rollout.release} failed: ${fact.why}`.slice(0, 500);
  const order = { key, target, reason, kind: "revert", next, ending: rollout.id } as const;
  const { events, denial } = bringBack(controller, state, order);
  if (denial === undefined) return events;
  const message = `release ${rollout.release} failed, and release ${stable} may not come back: ${denial}`;
  return [...events, ...raiseAlarm(state, { ...key, alarm: "no-way-back", message })];
}
