import type { Desired } from "../fleet.ts";
import type { LocalClock } from "./local-clock.ts";

/** The same with its moments in the local clock's time. */
export function localDesired(desired: Desired, { local }: Pick<LocalClock, "local">): Desired {
  const { rollout, warm } = desired;
  return {
    ...desired,
    ...(rollout === undefined
      ? {}
      : { rollout: { ...rollout, since: local(rollout.since), started: local(rollout.started) } }),
    ...(warm === undefined ? {} : { warm: { ...warm, since: local(warm.since) } }),
  };
}
