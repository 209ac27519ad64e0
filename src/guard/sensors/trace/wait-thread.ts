import { parentPort, workerData } from "node:worker_threads";
import { runFirst, waitForFiles } from "../../../ground/libc.ts";

/** Given by `file-waiter.ts`. `state[0]`: 0 wait, 1 told and not yet taken, 2 end. */
const { set, state, isUrgent } = workerData as {
  readonly set: number;
  readonly state: Int32Array;
  readonly isUrgent: boolean;
};

if (isUrgent) runFirst();

/** Milliseconds. A wait that nothing ends is repeated, so that the thread sees when it is to end. */
const longestWait = 500;

while (Atomics.load(state, 0) !== 2) {
  const ready = waitForFiles(set, longestWait);
  if (ready.length === 0) continue;
  Atomics.compareExchange(state, 0, 0, 1);
  parentPort?.postMessage(ready);
  // Files stay ready until the other thread has read them.
  Atomics.wait(state, 0, 1);
}
