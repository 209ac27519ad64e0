import type { Desired, Rollout } from "../fleet.ts";
import type { LocalClock } from "./local-clock.ts";

/** The same with its moments in the local clock's time. */
export function localDesired(desired: Desired, clock: Pick<LocalClock, "recorded">): Desired {
  const { key, rollout, warm } = desired;
  const name = `${key.environment}/${key.service}`;
  return {
    ...desired,
    ...(rollout === undefined ? {} : { rollout: localRollout(rollout, clock) }),
    ...(warm === undefined
      ? {}
      : {
          warm: {
            ...warm,
            since: clock.recorded({ at: warm.since, of: `${name} warm`, version: `${warm.release.number}` }),
          },
        }),
  };
}

function localRollout(rollout: Rollout, { recorded }: Pick<LocalClock, "recorded">): Rollout {
  const { id, status, since, started } = rollout;
  return {
    ...rollout,
    since: recorded({ at: since, of: `rollout ${id} since`, version: status }),
    started: recorded({ at: started, of: `rollout ${id} started`, version: status }),
  };
}
