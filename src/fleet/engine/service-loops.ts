import type { InstanceId } from "../../runtime/runtime.ts";
import type { ServiceKey } from "../fleet.ts";
import type { ServiceView } from "./engine.ts";
import type { Host } from "./service.ts";
import { openServiceLoop, type LoopOptions, type ServiceLoop } from "./service-loop.ts";

/** The loops of all services that the record has; one that is new there gets its own. */
export type ServiceLoops = {
  /** Of one service, or of all. */
  readonly wake: (key?: ServiceKey) => void;
  /** Of the service that an instance belongs to; of all, where nobody has seen it yet. */
  readonly wakeOf: (id: InstanceId) => void;
  readonly view: (key: ServiceKey) => ServiceView | undefined;
  readonly views: () => readonly ServiceView[];
  /** `production/web` of each. */
  readonly names: () => ReadonlySet<string>;
  readonly close: () => Promise<void>;
};

export function openServiceLoops(host: Host, options: LoopOptions): ServiceLoops {
  const loops = new Map<string, ServiceLoop>();
  const refresh = (): void => {
    for (const key of host.record.services())
      if (!loops.has(nameOf(key))) loops.set(nameOf(key), openServiceLoop(host, key, options));
  };
  const wake = (key?: ServiceKey): void => {
    if (host.isClosed()) return;
    refresh();
    if (key === undefined) for (const loop of loops.values()) loop.wake();
    else loops.get(nameOf(key))?.wake();
  };
  return {
    wake,
    wakeOf: (id) => {
      const of = [...loops.values()].find(({ service }) => service.view?.instances.some((one) => one.id === id));
      if (of === undefined) wake();
      else of.wake();
    },
    view: (key) => loops.get(nameOf(key))?.service.view,
    views: () => [...loops.values()].flatMap(({ service }) => service.view ?? []),
    names: () => {
      refresh();
      return new Set(loops.keys());
    },
    close: async () => {
      await Promise.all([...loops.values()].map((loop) => loop.close()));
    },
  };
}

function nameOf({ environment, service }: ServiceKey): string {
  return `${environment}/${service}`;
}
