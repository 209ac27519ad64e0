import type { InstanceId } from "../../runtime/runtime.ts";
import type { Condemned } from "./engine.ts";

/** What this process was told of instances, before or without the record. Also of those that nobody has seen yet: a controller that starts knows of drift before it has looked. */
export type Dooms = {
  readonly of: (id: InstanceId) => Doom | undefined;
  readonly condemn: (id: InstanceId, why: Condemned, until?: Promise<unknown>) => void;
  readonly isSpared: (id: InstanceId) => boolean;
  /** Until what is returned is called. */
  readonly spare: (id: InstanceId) => () => void;
  /** It is gone. */
  readonly forget: (id: InstanceId) => void;
};

/** `until`: what its destruction waits for. Milliseconds of the local clock. */
export type Doom = { readonly why: Condemned; readonly since: number; readonly until?: Promise<unknown> };

export function openDooms(now: () => number): Dooms {
  const dooms = new Map<InstanceId, Doom>();
  const spared = new Map<InstanceId, number>();
  return {
    of: (id) => dooms.get(id),
    condemn: (id, why, until) => {
      const known = dooms.get(id);
      // Drift that is found on an instance which somebody entered is drift all the same.
      if (known !== undefined && (known.why === "drift" || why !== "drift")) return;
      dooms.set(id, { why, since: now(), ...(until === undefined ? {} : { until }) });
    },
    isSpared: (id) => spared.has(id),
    spare: (id) => {
      spared.set(id, (spared.get(id) ?? 0) + 1);
      return () => {
        const left = (spared.get(id) ?? 1) - 1;
        if (left > 0) spared.set(id, left);
        else spared.delete(id);
      };
    },
    forget: (id) => void dooms.delete(id),
  };
}
