import type { InstanceId } from "../../runtime/runtime.ts";
import type { Drift } from "../guard.ts";
import { freezeCgroup, freezerState, thawCgroup, type Hierarchies } from "../response/freeze-cgroup.ts";
import type { Responder } from "../response/respond.ts";
import type { Desk } from "./desk.ts";
import { openExpectations } from "./expectations.ts";
import { openProcessTable } from "./process-table.ts";
import { openReporter } from "./reporter.ts";
import type { Watch } from "./watch.ts";

export type DeskOptions = Pick<Desk, "now" | "follow" | "nameOf" | "lookForOthers" | "lookAgain"> & {
  readonly drain?: () => void;
  readonly hierarchies: Hierarchies;
  readonly responder: Responder;
};

export type OpenDesk = {
  readonly desk: Desk;
  readonly onDrift: (listener: (drift: Drift) => void) => void;
  /** What was found last on an instance. */
  readonly lastOf: (id: InstanceId) => Drift | undefined;
  readonly forget: (id: InstanceId) => void;
};

export function openDesk({
  now,
  follow,
  drain = () => {},
  nameOf,
  lookForOthers,
  lookAgain,
  hierarchies,
  responder,
}: DeskOptions): OpenDesk {
  const listeners: ((drift: Drift) => void)[] = [];
  const last = new Map<InstanceId, Drift>();
  const table = openProcessTable(now);
  const tell = (found: Drift): void => {
    last.set(found.instance, found);
    for (const listener of listeners) listener(found);
  };
  const report = openReporter({ now, table, responder, tell });
  const desk: Desk = {
    now,
    watches: new Map(),
    table,
    expectations: openExpectations(now),
    report,
    follow,
    drain,
    nameOf,
    lookForOthers,
    lookAgain,
    arriving: new Map(),
    holdNow: (watch) => holdNow(hierarchies, watch),
  };
  return {
    desk,
    onDrift: (listener) => void listeners.push(listener),
    lastOf: (id) => last.get(id),
    forget: (id) => {
      last.delete(id);
      report.forget(id);
    },
  };
}

/** Returns what lets it go on. One that is frozen already is not this one's to thaw. */
function holdNow(hierarchies: Hierarchies, { instance: { mode, cgroup } }: Watch): () => void {
  if (mode !== "prevent" || freezerState(hierarchies, cgroup) !== "thawed") return () => {};
  freezeCgroup(hierarchies, cgroup);
  return () => void thawCgroup(hierarchies, cgroup);
}
