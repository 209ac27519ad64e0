import { closeSync, existsSync, readFileSync } from "node:fs";
import { writeFileAtomic } from "../../ground/atomic-file.ts";
import { jsonOrUndefined } from "../../ground/json-or-undefined.ts";
import type { ChildEnd } from "../../ground/libc.ts";
import { endOfStatus, openProcess, readProcessEnd } from "../../ground/process-file.ts";
import type { RuntimePaths } from "../paths.ts";
import { isSameProcess, unreadExitStatus, type ProcessIdentity } from "../process-identity.ts";
import type { InstanceId, InstanceState } from "../runtime.ts";
import { statusOf } from "./child-status.ts";
import { wasOutOfMemory } from "./limits-met.ts";

export type InstanceEnd = NonNullable<InstanceState["end"]>;

/**
 * Open files of first processes that live, by which the kernel tells how each ended. The parent would be told anyway, but an instance outlives whoever started it, and its parent is then
 * the host's first process.
 */
const watched = new Map<string, { readonly identity: ProcessIdentity; readonly file: number }>();

/** Sees to it that this process will know how another ended, as far as this kernel tells. May be repeated. */
export function watchEnd(identity: ProcessIdentity): void {
  const key = keyOf(identity);
  if (watched.has(key)) return;
  const file = openProcess(identity.pid);
  if (file === undefined) return;
  // The number may have become another's before it was opened.
  if (isSameProcess(identity)) watched.set(key, { identity, file });
  else closeSync(file);
}

/** How an instance ended; undefined where nobody can tell. What was found out is kept with its state. */
export function endOf(paths: RuntimePaths, id: InstanceId, identity: ProcessIdentity): InstanceEnd | undefined {
  const kept = readEnd(paths, id);
  if (kept !== undefined) return kept;
  const end = unreadEnd(identity) ?? watchedEnd(identity);
  if (end !== undefined) return recordEnd(paths, id, end);
  return wasOutOfMemory(paths.cgroup(id)) ? { isOutOfMemory: true } : undefined;
}

/** Keeps how an instance ended until it is removed. */
export function recordEnd(paths: RuntimePaths, id: InstanceId, end: ChildEnd): InstanceEnd {
  const status = statusOf(end);
  // Another of its processes may have been killed for its memory earlier, and the instance gone on.
  const isOutOfMemory = end.exitCode === 128 + killSignal && wasOutOfMemory(paths.cgroup(id));
  const known: InstanceEnd =
    status.status === "exited" ? { code: status.exitCode, isOutOfMemory } : { signal: status.signal, isOutOfMemory };
  // A start that was refused, or an instance that is removed at this moment.
  if (existsSync(paths.state(id))) {
    writeFileAtomic(paths.end(id), `${JSON.stringify(known)}\n`, { mode: 0o600, durable: false });
  }
  return known;
}

/** Closes what stands for processes that are gone and whose end was read. `living`: numbers of processes that were just seen to be there. */
export function forgetEnds(living: ReadonlySet<number>): void {
  for (const [key, { identity, file }] of watched) {
    if (living.has(identity.pid) || isSameProcess(identity)) continue;
    watched.delete(key);
    closeSync(file);
  }
}

const killSignal = 9;

/** Whose parent has not asked, and perhaps never will. */
function unreadEnd(identity: ProcessIdentity): ChildEnd | undefined {
  const status = unreadExitStatus(identity);
  return status === undefined ? undefined : endOfStatus(status);
}

function watchedEnd(identity: ProcessIdentity): ChildEnd | undefined {
  const file = watched.get(keyOf(identity))?.file;
  return file === undefined ? undefined : readProcessEnd(file);
}

function readEnd(paths: RuntimePaths, id: InstanceId): InstanceEnd | undefined {
  const path = paths.end(id);
  return existsSync(path) ? (jsonOrUndefined(readFileSync(path, "utf8")) as InstanceEnd | undefined) : undefined;
}

function keyOf({ pid, startTime }: ProcessIdentity): string {
  return `${pid} ${startTime}`;
}
