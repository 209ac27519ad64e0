import type { InstanceView } from "../fleet.ts";
import type { Side } from "./scene.ts";

/**
 * What a side is to be. `want`: instances that live. `admit`: how many of them may get traffic. `atOnce`: how many may be unproven at the same time. `replaceAtOnce`: how many poor ones are replaced at
 * the same time.
 */
export type Quota = {
  readonly want: number;
  readonly admit: number;
  readonly atOnce: number;
  readonly replaceAtOnce: number;
};

/** `surplus`: out of traffic and not needed. */
export type Filled = {
  readonly admit: readonly InstanceView[];
  readonly starts: number;
  readonly surplus: readonly InstanceView[];
};

/** What brings a side to its quota: start-first, so poor instances count until others are there in their place. */
export function fillSide(side: Side, quota: Quota): Filled {
  const admit = side.ready.slice(0, Math.max(0, quota.admit - side.good.length));
  const have = side.good.length + side.ready.length + side.unproven.length + side.presumed.length;
  const poor = Math.min(side.poor.length, Math.max(0, quota.want - side.good.length));
  const usable = quota.want - Math.max(0, poor - quota.replaceAtOnce);
  const room = quota.atOnce - side.unproven.length - side.presumed.length;
  return {
    admit,
    starts: Math.max(0, Math.min(usable - have, room)),
    // What is only presumed to serve is no reason to stop another one, nor is it stopped itself before it is judged.
    surplus: leastUsefulFirst(side)
      .filter((view) => !admit.includes(view))
      .slice(0, Math.max(0, have - side.presumed.length - quota.want)),
  };
}

/** Those out of traffic: what is unhealthy, then what nobody has judged, the youngest first; then what has been healthy for the shortest time. */
function leastUsefulFirst({ unproven, ready }: Side): readonly InstanceView[] {
  const by = (status: InstanceView["health"]["status"]): InstanceView[] =>
    unproven.filter(({ health }) => health.status === status);
  const healthy = by("healthy").toSorted((a, b) => b.health.since - a.health.since);
  return [...by("unhealthy").toReversed(), ...by("unknown").toReversed(), ...healthy, ...ready.toReversed()];
}
