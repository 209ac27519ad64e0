import { identifyProcess, isSameProcess, type ProcessIdentity } from "../../runtime/process-identity.ts";
import type { Drift, GuardStatus, WatchedInstance } from "../guard.ts";
import { openBreaker, type ServiceName } from "./breaker.ts";
import { findHierarchies, freezeCgroup, freezerState, type Hierarchies } from "./freeze-cgroup.ts";
import { catchStrays } from "./strays.ts";

/** What was found, before anything was done. */
export type Finding = Omit<Drift, "response">;

/** What is done at once. Nothing in it waits: it runs between the verdict and everything else. */
export type Responder = {
  /** Exactly these are watched from now on: how many instances a service has, and which of them are frozen already. */
  readonly watch: (instances: readonly WatchedInstance[]) => void;
  /** Freezes the instance, unless its mode, the limit of its service or the breaker says otherwise. */
  readonly respond: (finding: Finding, instance: WatchedInstance) => Drift["response"];
  readonly breakers: () => GuardStatus["breaker"];
  /** A person says that what was seen was right to be found, or that it is repaired: everything is frozen again as it was before. */
  readonly reset: (of: ServiceName) => void;
};

/** `now`: milliseconds since 1970. */
export function openResponder(options: { readonly now: () => number; readonly hierarchies?: Hierarchies }): Responder {
  const { now, hierarchies = findHierarchies() } = options;
  const breaker = openBreaker();
  let watched: readonly WatchedInstance[] = [];
  const frozen = new Set<string>();
  const processes = new Map<string, ProcessIdentity>();
  const freeze = (instance: WatchedInstance): Drift["response"] => {
    if (!freezeCgroup(hierarchies, instance.cgroup)) return "gone";
    frozen.add(instance.id);
    const first = processes.get(instance.id);
    // Its number may be another's by now, in a container of somebody else: all that is in there would be taken for strays.
    if (first === undefined || !isSameProcess(first)) return "frozen";
    const others = new Set(watched.filter(({ id }) => id !== instance.id).map(({ cgroup }) => cgroup));
    catchStrays(hierarchies, instance, others);
    return "frozen";
  };
  return {
    watch: (instances) => {
      // A guard that was started anew finds what the one before it froze.
      for (const { id, cgroup, pid } of instances) {
        const isNew = !watched.some((one) => one.id === id && one.pid === pid);
        const process = isNew ? identifyProcess(pid) : undefined;
        if (process !== undefined) processes.set(id, process);
        if (isNew && ["frozen", "freezing"].includes(freezerState(hierarchies, cgroup))) frozen.add(id);
      }
      watched = instances;
      for (const known of [frozen, processes])
        for (const id of known.keys()) if (!instances.some((one) => one.id === id)) known.delete(id);
    },
    respond: (finding, instance) => {
      if (instance.mode === "observe") return "observed";
      // Once more: somebody may have thawed it, and who came in from the host since then is not frozen yet.
      if (frozen.has(instance.id)) return freeze(instance);
      const peers = watched.filter((one) => isPeer(one, instance));
      const answer = breaker.ask(
        {
          ...instance,
          instance: instance.id,
          rule: finding.rule,
          subject: finding.subject,
          instances: Math.max(1, peers.length),
          frozen: peers.filter(({ id }) => frozen.has(id)).length,
        },
        now(),
      );
      return answer === "freeze" ? freeze(instance) : answer;
    },
    breakers: () => breaker.status(now()),
    reset: (of) => breaker.reset(of),
  };
}

function isPeer(one: ServiceName, other: ServiceName): boolean {
  return one.environment === other.environment && one.service === other.service;
}
