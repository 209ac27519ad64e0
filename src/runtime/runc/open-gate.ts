import { closeSync, constants, openSync, readSync, rmSync } from "node:fs";
import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import { IngotError, isErrno } from "../../ground/error.ts";
import type { InstanceId } from "../runtime.ts";

const patience = 5000;
/** How often it is looked at once without a pause: the waiting process takes a fraction of a millisecond. */
const quickLooks = 50;

/**
 * What `runc start` does, without another program: the waiting process of a container is held up by opening a pipe to write to, in which it then leaves one byte. Reading that lets it go on,
 * and the missing pipe is what says from then on that the container was started.
 */
export async function openGate(gate: string, id: InstanceId): Promise<void> {
  // Without waiting: nobody opens the other end of one whose process has ended.
  const file = openSync(gate, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const deadline = Date.now() + patience;
    for (let looks = 0; !hasByte(file); looks += 1) {
      if (Date.now() > deadline) {
        throw new IngotError("instance-start-failed", `${id} ended before its command was executed`, {
          hint: "start it again",
        });
      }
      await (looks < quickLooks ? setImmediate() : sleep(1));
    }
  } finally {
    closeSync(file);
  }
  rmSync(gate);
}

function hasByte(file: number): boolean {
  try {
    return readSync(file, Buffer.alloc(1)) === 1;
  } catch (error) {
    if (isErrno(error, "EAGAIN")) return false;
    throw error;
  }
}
