import { IngotError } from "../../ground/error.ts";
import { readRecord, type InstanceRecord } from "../instance-record.ts";
import type { RuntimePaths } from "../paths.ts";
import { isSameProcess } from "../process-identity.ts";
import type { InstanceId } from "../runtime.ts";
import { isGroupFrozen } from "./freezer.ts";

export type StartedRecord = InstanceRecord & Required<Pick<InstanceRecord, "running">>;

/** The record of an instance that was started, also of one that has ended. Throws `instance-unknown`. */
export function startedRecord(paths: RuntimePaths, id: InstanceId): StartedRecord {
  const record = readRecord(paths, id);
  if (record?.running !== undefined) return { ...record, running: record.running };
  throw new IngotError("instance-unknown", `there is no instance ${id}`, { hint: "ingot instances" });
}

/** The record of one that has not ended. Throws `instance-unknown`, `instance-not-running`. */
export function livingRecord(paths: RuntimePaths, id: InstanceId): StartedRecord {
  const record = startedRecord(paths, id);
  if (isSameProcess(record.running.process)) return record;
  throw new IngotError("instance-not-running", `the instance ${id} has ended`, {
    hint: `its output is still there: ingot logs ${id}`,
  });
}

/** The record of one whose processes run. Throws as `livingRecord` does. */
export function activeRecord(paths: RuntimePaths, id: InstanceId): StartedRecord {
  const record = livingRecord(paths, id);
  if (!isGroupFrozen(paths.cgroup(id))) return record;
  throw new IngotError(
    "instance-not-running",
    `the instance ${id} is frozen: nothing of it runs, and nothing enters it`,
    {
      hint: `ingot stop ${id}`,
    },
  );
}
