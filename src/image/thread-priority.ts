import { readdirSync, readFileSync } from "node:fs";
import { setPriority } from "node:os";

const background = 5;

/**
 * Lets maintainer scripts go before the compression that runs beside them: scripts are a chain in which each waits for the one before, compression only
 * has to be ready at the end. Linux gives every thread a priority of its own; only the threads of libuv's pool get a lower one.
 */
export function yieldToScripts(): void {
  for (const thread of readdirSync("/proc/self/task")) {
    const status = readFileSync(`/proc/self/task/${thread}/status`, "utf8");
    // The last number is the one in this pid namespace; /proc is still the host's.
    const id = /^NSpid:.*?([0-9]+)$/m.exec(status)?.[1];
    if (status.startsWith("Name:\tlibuv-worker") && id !== undefined) setPriority(Number(id), background);
  }
}
