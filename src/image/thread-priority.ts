import { readdirSync, readFileSync } from "node:fs";
import { getPriority, setPriority } from "node:os";

/** How much lower than this process. */
const background = 5;
const lowest = 19;

/**
 * Lets maintainer scripts go before the compression that runs beside them: scripts are a chain in which each waits for the one before, compression only
 * has to be ready at the end. Linux gives every thread a priority of its own; only the threads of libuv's pool get a lower one.
 */
export function yieldToScripts(): void {
  // From where this process is: a build that was started by nice(1) may not raise a thread again.
  const priority = Math.min(lowest, getPriority() + background);
  for (const thread of readdirSync("/proc/self/task")) {
    const status = readFileSync(`/proc/self/task/${thread}/status`, "utf8");
    // The last number is the one in this pid namespace; /proc is still the host's.
    const id = /^NSpid:.*?([0-9]+)$/m.exec(status)?.[1];
    if (status.startsWith("Name:\tlibuv-worker") && id !== undefined) setPriority(Number(id), priority);
  }
}
