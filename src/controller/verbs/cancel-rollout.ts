import { present } from "../../ground/present.ts";
import type { Principal } from "../../policy/policy.ts";
import type { Controller } from "../controller.ts";
import { makeEvent } from "../events/events.ts";
import { bringBack } from "../fleet/automatic-release.ts";
import { raiseAlarm } from "../fleet/raise-alarm.ts";
import { findRelease } from "../state/releases.ts";
import { stableOf, type RecordedRollout } from "../state/rollouts.ts";
import { changeRollout, type RolloutOrder } from "./change-rollout.ts";

/**
 * Ends the rollout where it is; the stable release comes back as a release of its own, as after one that failed, and the image is not put in quarantine. The policy must permit that release, too: else its
 * instances that are there go on, and an alarm says so. Throws what `changeRollout` does.
 */
export function cancelRollout(
  controller: Controller,
  principal: Principal,
  order: RolloutOrder,
): Promise<RecordedRollout> {
  const { service, environment, reason } = order;
  const key = { service, environment };
  return changeRollout(controller, { principal, order }, (rollout, { state, actor, next }) => {
    const { id, release } = rollout;
    const cancelled = makeEvent(actor, "rollout.cancelled", { ...key, rollout: id, release, reason });
    const stable = stableOf(state, key);
    // A way back that is cancelled leaves the stable release as it is.
    if (stable === undefined || rollout.kind !== "deploy") return [cancelled];
    const target = present(findRelease(state, { ...key, number: stable }), `release ${stable}`);
    const why = `release ${release} was cancelled`;
    const way = { key, target, reason: why, kind: "revert", next: next + 1, principal, ending: id } as const;
    const { events, denial } = bringBack(controller, state, way);
    const message = `${why}, and release ${stable} may not come back: ${denial}`;
    const alarms = denial === undefined ? [] : raiseAlarm(state, { ...key, alarm: "no-way-back", message });
    return [cancelled, ...events, ...alarms];
  });
}
