import { stateOf, type InstanceRecord } from "../instance-record.ts";
import type { RuntimePaths } from "../paths.ts";
import type { InstanceState } from "../runtime.ts";
import { isGroupFrozen } from "./freezer.ts";
import { endOf, watchEnd } from "./instance-end.ts";

/** What is to be said of an instance that was started: the record, and what the kernel says of it now. */
export function observeInstance(paths: RuntimePaths, record: InstanceRecord): InstanceState {
  const state = stateOf(record);
  if (record.running === undefined) return state;
  if (state.status === "exited") {
    const end = endOf(paths, record.id, record.running.process);
    return end === undefined ? state : { ...state, end };
  }
  watchEnd(record.running.process);
  return isGroupFrozen(paths.cgroup(record.id)) ? { ...state, status: "frozen" } : state;
}
