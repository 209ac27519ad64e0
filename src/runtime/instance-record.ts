import { existsSync, readdirSync, readFileSync } from "node:fs";
import { writeFileAtomic } from "../ground/atomic-file.ts";
import { isErrno } from "../ground/error.ts";
import type { Digest } from "../oci/digest.ts";
import type { InstanceNetwork } from "./network/network.ts";
import type { RuntimePaths } from "./paths.ts";
import { isSameProcess, type ProcessIdentity } from "./process-identity.ts";
import { isInstanceId, type InstanceId, type InstanceState } from "./runtime.ts";

/** What is kept of an instance on disk, from before anything of it is made until after the last of it is removed. */
export type InstanceRecord = {
  readonly id: InstanceId;
  readonly image: Digest;
  readonly name?: string;
  readonly started: string;
  readonly port?: number;
  /** Absent, as all that follows, in records of releases of Ingot that did not have it. */
  readonly labels?: Readonly<Record<string, string>>;
  /** The folders that it may write to. */
  readonly writable?: readonly string[];
  /** The process that it ends with. */
  readonly owner?: ProcessIdentity;
  /** Known once the instance was started and found hardened. */
  readonly running?: { readonly process: ProcessIdentity; readonly network: InstanceNetwork };
};

export function writeRecord(paths: RuntimePaths, record: InstanceRecord): void {
  // Not synced: after a crash of the host no instance is alive, and a record that cannot be read counts as a start that was cut off.
  writeFileAtomic(paths.state(record.id), `${JSON.stringify(record)}\n`, { mode: 0o600, durable: false });
}

/** Undefined when there is no such instance, or only the rest of one whose start was cut off. */
export function readRecord(paths: RuntimePaths, id: InstanceId): InstanceRecord | undefined {
  try {
    return JSON.parse(readFileSync(paths.state(id), "utf8")) as InstanceRecord;
  } catch (error) {
    if (error instanceof SyntaxError || isErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** Whether it belongs to a process that is gone, such as a command that was killed in the middle of its tests. */
export function isOrphan(record: InstanceRecord): boolean {
  return record.owner !== undefined && !isSameProcess(record.owner);
}

/** Every id that has a folder, durable or not. */
export function listIds(paths: RuntimePaths): InstanceId[] {
  const names = [paths.instances, paths.bundles].flatMap((folder) => (existsSync(folder) ? readdirSync(folder) : []));
  return [...new Set(names)].filter(isInstanceId).toSorted();
}

/** Whether any instance, running, starting or exited, is of this image. */
export function isImageUsed(paths: RuntimePaths, image: Digest): boolean {
  return listIds(paths).some((id) => readRecord(paths, id)?.image === image);
}

export function stateOf(record: InstanceRecord): InstanceState {
  const { id, image, started, running } = record;
  const isRunning = running !== undefined && isSameProcess(running.process);
  return {
    id,
    image,
    started,
    status: isRunning ? "running" : "exited",
    ...(record.name === undefined ? {} : { name: record.name }),
    ...(isRunning ? { pid: running.process.pid } : {}),
    ...(running === undefined ? {} : { address: running.network.address }),
    ...(record.port === undefined ? {} : { port: record.port }),
    ...(record.labels === undefined ? {} : { labels: record.labels }),
  };
}
