import type { InstanceId } from "../../runtime/runtime.ts";
import type { ServiceKey, StartReason } from "../fleet.ts";
import type { Condemned, Replaced, ServiceInstance, ServiceView } from "./engine.ts";

/** Follows condemned instances until others serve in their place. Of one service; milliseconds of the local clock. */
export type Replacements = {
  /** What is seen in a pass. */
  readonly note: (instances: readonly ServiceInstance[]) => void;
  /** One was begun to be started, and why. */
  readonly begin: (id: InstanceId, why: StartReason) => void;
  /** Tells of those that are gone while nothing is missing. */
  readonly tell: (view: ServiceView) => void;
};

type Pending = { readonly why: Condemned; readonly since: number; by?: InstanceId };

export function openReplacements(
  key: ServiceKey,
  { now, listener }: { readonly now: () => number; readonly listener: (replaced: Replaced) => void },
): Replacements {
  const pending = new Map<InstanceId, Pending>();
  return {
    note: (instances) => {
      for (const { id, condemned } of instances)
        if (condemned !== undefined && !pending.has(id)) pending.set(id, { ...condemned });
    },
    begin: (id, why) => {
      const first = [...pending.values()].find((one) => one.by === undefined && one.why === why);
      if (first !== undefined) first.by = id;
    },
    tell: ({ instances, replicas }) => {
      const serving = instances.filter(isServing).length;
      if (pending.size === 0 || serving < replicas) return;
      for (const [id, { why, since, by }] of pending) {
        if (instances.some((one) => one.id === id)) continue;
        pending.delete(id);
        listener({ key, id, why, ...(by === undefined ? {} : { by }), milliseconds: now() - since });
      }
    },
  };
}

function isServing({ state, health, condemned }: ServiceInstance): boolean {
  return state === "running" && health.status === "healthy" && condemned === undefined;
}
