import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { isErrno } from "../../../ground/error.ts";
import { identifyProcess } from "../../../runtime/process-identity.ts";
import { mount, mountFlags, SystemCallError, unmount } from "../../../ground/libc.ts";

/** A tracefs that this process mounted for itself: whoever uses the host's own, at /sys/kernel/tracing, never notices. */
export type TraceFolder = { readonly path: string; readonly close: () => void };

/**
 * Mounted for a moment in the folder `parent` and detached at once: it is there as long as this process has it open, nobody else comes upon it, and it goes with the process however that ends. (A
 * `rm -r` of the folder would otherwise reach the kernel's.) A text says why there is none.
 */
export function openTraceFolder(parent: string): TraceFolder | string {
  mkdirSync(parent, { recursive: true, mode: 0o700 });
  const target = mkdtempSync(join(parent, "tracefs-"));
  try {
    mount("tracefs", target, { type: "tracefs", flags: mountFlags.noSuid | mountFlags.noDev | mountFlags.noExec });
    const file = openAndDetach(target);
    return { path: `/proc/self/fd/${file}`, close: () => closeSync(file) };
  } catch (error) {
    if (!(error instanceof SystemCallError)) throw error;
    return `tracefs cannot be mounted (${error.code})`;
  } finally {
    rmdirSync(target);
  }
}

function openAndDetach(target: string): number {
  try {
    return openSync(target, constants.O_RDONLY | constants.O_DIRECTORY);
  } finally {
    unmount(target, { detach: true });
  }
}

/** Of a guard of this process, for the home `key`: named so that it can be told whose it was, also when its number has become another's. */
export function traceInstanceName(key: string, what: string): string {
  return `ingot-${key}-${process.pid}-${identifyProcess(process.pid)?.startTime}-${what}`;
}

/** Whether a name is that of a process that has ended, also of one that nobody has waited for yet. */
function isLeft(name: string, prefix: string): boolean {
  const [pid = "", startTime] = name.startsWith(prefix) ? name.slice(prefix.length).split("-") : [];
  return /^\d+$/.test(pid) && identifyProcess(Number(pid))?.startTime !== startTime;
}

/** Removes the buffers of guards of the same home that were killed; `key` is the home's. */
export function removeLeftInstances(tracefs: string, key: string): void {
  const folder = join(tracefs, "instances");
  for (const name of readdirSync(folder)) {
    if (!isLeft(name, `ingot-${key}-`)) continue;
    try {
      removeTraceInstance(join(folder, name));
    } catch (error) {
      // Somebody else has it open, which must not keep this guard from its work.
      if (!isErrno(error, "EBUSY")) throw error;
    }
  }
}

/** A buffer of our own with its own events, filters and clock: `instances/NAME` of tracefs. */
export function makeTraceInstance(tracefs: string, name: string): string {
  const path = join(tracefs, "instances", name);
  if (existsSync(path)) removeTraceInstance(path);
  mkdirSync(path);
  writeFileSync(join(path, "tracing_on"), "0");
  // The clock of process.hrtime, so that the time from the kernel's event to the verdict is known.
  writeFileSync(join(path, "trace_clock"), "mono");
  // Waiting readers are woken by the first event, not by half a full buffer.
  if (existsSync(join(path, "buffer_percent"))) writeFileSync(join(path, "buffer_percent"), "0");
  return path;
}

/** Busy for a moment after its last reader went. */
export function removeTraceInstance(path: string): void {
  for (let tries = 0; ; tries += 1) {
    try {
      if (existsSync(path)) rmdirSync(path);
      return;
    } catch (error) {
      if (!isErrno(error, "EBUSY") || tries > 20) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

/** The processors that have a buffer. */
export function listBuffers(instance: string): string[] {
  const folder = join(instance, "per_cpu");
  return readdirSync(folder)
    .filter((name) => /^cpu\d+$/.test(name))
    .map((name) => join(folder, name));
}

/** Events that the kernel overwrote or dropped in this instance's buffers, since they were made. */
export function countLost(instance: string): number {
  const texts = listBuffers(instance).map((buffer) => readFileSync(join(buffer, "stats"), "utf8"));
  const numbers = texts.flatMap((text) => [...text.matchAll(/^(?:overrun|commit overrun|dropped events): (\d+)$/gm)]);
  return numbers.reduce((sum, [, number]) => sum + Number(number), 0);
}
