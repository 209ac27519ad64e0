import type { InstanceState } from "../../runtime/runtime.ts";
import type { Wanted } from "./engine.ts";
import type { Service } from "./service.ts";
import { recordStart } from "./start-instance.ts";
import { releaseOf } from "./view-instances.ts";

/** Brings the record to what is there: starts that another process did not live to tell, and ends that nobody saw, as after a restart of the machine. */
export async function keepRecord(
  service: Service,
  { wanted, states }: { readonly wanted: Wanted; readonly states: readonly InstanceState[] },
): Promise<void> {
  const { memory, key, record } = service;
  const recorded = new Set(wanted.living.map(({ id }) => id));
  const present = new Set(states.map(({ id }) => id));
  for (const { id, release } of wanted.living) {
    if (present.has(id) || memory.starting.has(id) || memory.stopping.has(id)) continue;
    await record.record(key, { kind: "ended", instance: id, release, why: "lost" });
  }
  for (const state of states) {
    const { id } = state;
    if (recorded.has(id) || memory.recorded.has(id) || memory.starting.has(id) || memory.stopping.has(id)) continue;
    const release = releaseOf(state, wanted);
    if (release === undefined || state.status === "exited") continue;
    await recordStart(service, { id, release, why: "adopted", milliseconds: 0 });
  }
  for (const id of memory.recorded) if (!present.has(id) && !recorded.has(id)) memory.recorded.delete(id);
}
