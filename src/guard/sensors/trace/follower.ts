import { extname } from "node:path";
import { Worker } from "node:worker_threads";

export type Follower = {
  /** Resolves once the kernel follows them. */
  readonly follow: (pids: readonly number[]) => Promise<void>;
  readonly close: () => Promise<void>;
};

/**
 * Tells the kernel whom to follow. In a thread of its own: the list is in force at once, but the write comes back only when no processor uses the former one any more, some 40 ms later, and events must not wait for that.
 */
export function openFollower(path: string, options: { readonly isUrgent: boolean }): Follower {
  const thread = new Worker(new URL(`follow-thread${extname(import.meta.url)}`, import.meta.url), {
    workerData: { path, isUrgent: options.isUrgent },
    resourceLimits: { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 2 },
  });
  thread.unref();
  const waiting = new Map<number, PromiseWithResolvers<void>>();
  thread.on("message", (id: number) => {
    waiting.get(id)?.resolve();
    waiting.delete(id);
  });
  // Whoever waits is told; then the guard is blind for who comes, which its own test execution does not show: it ends.
  thread.on("error", (error) => {
    for (const one of waiting.values()) one.reject(error);
    throw error;
  });
  let calls = 0;
  return {
    follow: (pids) => {
      if (pids.length === 0) return Promise.resolve();
      const call = Promise.withResolvers<void>();
      const id = (calls += 1);
      waiting.set(id, call);
      thread.postMessage({ id, pids });
      return call.promise;
    },
    close: async () => void (await thread.terminate()),
  };
}
