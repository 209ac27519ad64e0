import type { InstanceId, InstanceState } from "../../runtime/runtime.ts";
import type { Checked, HealthWatch } from "../health/health.ts";
import type { Wanted } from "./engine.ts";
import type { ServiceMemory } from "./service-memory.ts";
import { releaseOf } from "./view-instances.ts";

/** The checks of all services, of which each knows its own. */
export type WatchedHealth = {
  readonly set: (service: string, checked: readonly Checked[]) => void;
};

export function shareHealth(health: HealthWatch): WatchedHealth {
  const byService = new Map<string, readonly Checked[]>();
  return {
    set: (service, checked) => {
      if (checked.length === 0 && !byService.has(service)) return;
      if (checked.length === 0) byService.delete(service);
      else byService.set(service, checked);
      health.watch([...byService.values()].flat());
    },
  };
}

/** What is to be checked of a service: whatever runs, by the words of its own release. One that is frozen or stopped answers nobody. */
export function checksOf(
  states: readonly InstanceState[],
  { wanted, memory }: { readonly wanted: Wanted; readonly memory: ServiceMemory },
): readonly Checked[] {
  return states.flatMap((state): readonly Checked[] => {
    const { id, status, address, port } = state;
    const release = releaseOf(state, wanted);
    if (status !== "running" || release === undefined || isBusy(id, memory)) return [];
    return [
      {
        id,
        ...(address === undefined ? {} : { address }),
        ...(port === undefined ? {} : { port }),
        check: release.spec.health,
        isAdopted: memory.adopted.has(id),
      },
    ];
  });
}

function isBusy(id: InstanceId, { starting, stopping }: ServiceMemory): boolean {
  return starting.has(id) || stopping.has(id);
}
