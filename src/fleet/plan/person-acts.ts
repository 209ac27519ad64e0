import type { Digest } from "../../oci/digest.ts";
import type { Desired, FleetRelease, Rollout, RolloutKind } from "../fleet.ts";
import { withoutRollout } from "./apply-fact.ts";

/** A new release is to replace what runs. An open rollout is superseded: its instances are what the new one finds. `at`: milliseconds since 1970. */
export function openRollout(
  desired: Desired,
  options: { readonly id: number; readonly kind: RolloutKind; readonly to: FleetRelease; readonly at: number },
): Desired {
  const { id, kind, to, at } = options;
  const rest = withoutRollout(desired);
  const rollout: Rollout = {
    id,
    kind,
    to,
    status: "pending",
    since: at,
    started: at,
    isPromoted: false,
    ...(desired.stable && { from: desired.stable }),
  };
  return { ...rest, rollout };
}

export function pauseRollout(desired: Desired, at: number): Desired {
  return changeRollout(desired, (rollout) =>
    rollout.status === "paused" ? rollout : { ...rollout, status: "paused", resumesAs: rollout.status, since: at },
  );
}

/** It goes on as what it was; the times of its deadline and of its bake begin anew. */
export function resumeRollout(desired: Desired, at: number): Desired {
  return changeRollout(desired, ({ resumesAs = "running", ...rollout }) =>
    rollout.status === "paused" ? { ...rollout, status: resumesAs, since: at, started: at } : rollout,
  );
}

/** Nothing is waited for any more. A paused one stays paused. */
export function promoteRollout(desired: Desired): Desired {
  return changeRollout(desired, (rollout) => ({ ...rollout, isPromoted: true }));
}

export function cancelRollout(desired: Desired): Desired {
  return desired.rollout === undefined ? desired : withoutRollout(desired);
}

export function liftQuarantine(desired: Desired, image: Digest): Desired {
  return { ...desired, quarantined: new Set([...desired.quarantined].filter((one) => one !== image)) };
}

function changeRollout(desired: Desired, change: (rollout: Rollout) => Rollout): Desired {
  return desired.rollout === undefined ? desired : { ...desired, rollout: change(desired.rollout) };
}
