import { closeSync } from "node:fs";
import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { addToWaitSet, openWaitSet, removeFromWaitSet } from "../../../ground/libc.ts";

/** Calls back when a file has something to read. Node waits on sockets and pipes alone; the kernel's trace buffers and mount tables are neither. */
export type FileWaiter = {
  readonly add: (file: number, awaited: "data" | "change", onReady: () => void) => void;
  readonly remove: (file: number) => void;
  readonly close: () => Promise<void>;
};

/** `isUrgent`: it waits before every ordinary thread of the host. `onFailure`: the thread that waits ended, and nothing is told any more. */
export function openFileWaiter(onFailure: (error: Error) => void, options: { readonly isUrgent: boolean }): FileWaiter {
  const set = openWaitSet();
  const state = new Int32Array(new SharedArrayBuffer(4));
  const listeners = new Map<number, () => void>();
  const thread = new Worker(new URL(`wait-thread${extname(import.meta.url)}`, import.meta.url), {
    workerData: { set, state, isUrgent: options.isUrgent },
    resourceLimits: { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 2 },
    stdout: false,
  });
  thread.unref();
  thread.on("error", onFailure);
  thread.on("message", (ready: readonly number[]) => {
    for (const file of ready) listeners.get(file)?.();
    Atomics.compareExchange(state, 0, 1, 0);
    Atomics.notify(state, 0);
  });
  return {
    add: (file, awaited, onReady) => {
      listeners.set(file, onReady);
      addToWaitSet(set, file, awaited);
    },
    remove: (file) => {
      if (listeners.delete(file)) removeFromWaitSet(set, file);
    },
    close: () => closeWaiter(thread, set, state),
  };
}

async function closeWaiter(thread: Worker, set: number, state: Int32Array): Promise<void> {
  Atomics.store(state, 0, 2);
  Atomics.notify(state, 0);
  await thread.terminate();
  closeSync(set);
}
