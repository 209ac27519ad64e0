import type { Digest } from "../../oci/digest.ts";
import type { Desired, Rollout, RolloutFact } from "../fleet.ts";

/** What is wanted once a fact is on the record. `at`: when that was, milliseconds since 1970. A fact about a rollout that is not open changes nothing. */
export function applyFact(desired: Desired, fact: RolloutFact, at: number): Desired {
  const { rollout } = desired;
  if (rollout === undefined || rollout.id !== fact.rollout) return desired;
  switch (fact.kind) {
    case "moved":
      return { ...desired, rollout: moveRollout(rollout, fact.to, at) };
    case "succeeded":
      return succeed(desired, rollout, at);
    case "failed": {
      const image = imageToQuarantine(desired, rollout);
      return { ...withoutRollout(desired), quarantined: new Set([...desired.quarantined, ...(image ? [image] : [])]) };
    }
  }
}

/**
 * The image that a failed rollout puts into quarantine. None where the stable release runs the same image: then the configuration was at fault, and an image in quarantine could not even be replaced when it is
 * lost.
 */
export function imageToQuarantine({ stable }: Desired, { to }: Rollout): Digest | undefined {
  return stable?.image === to.image ? undefined : to.image;
}

/** The same, with no rollout open and nothing kept warm: what a failed, cancelled or superseded one leaves. */
export function withoutRollout({ rollout: _rollout, warm: _warm, ...rest }: Desired): Desired {
  return rest;
}

function moveRollout(rollout: Rollout, to: Rollout["status"], at: number): Rollout {
  // What waited for a person may have waited for days: the time for progress begins anew.
  const isAnew = to === "promoting" || (to === "running" && ["pending", "awaiting-promotion"].includes(rollout.status));
  return { ...rollout, status: to, since: at, started: isAnew ? at : rollout.started };
}

/** What was replaced by a deploy stays warm. What a rollback left is not worth going back to. */
function succeed(desired: Desired, rollout: Rollout, at: number): Desired {
  const { stable } = desired;
  const keepsWarm = rollout.kind === "deploy" && stable !== undefined;
  return {
    ...withoutRollout(desired),
    stable: rollout.to,
    ...(keepsWarm && { warm: { release: stable, since: at } }),
  };
}
