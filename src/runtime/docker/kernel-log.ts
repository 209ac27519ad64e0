import { closeSync, constants, openSync, readSync } from "node:fs";
import { isErrno } from "../../ground/error.ts";

export type KernelLog = { readonly read: () => readonly string[]; readonly close: () => void };

/**
 * What the kernel says from now on (Documentation/ABI/testing/dev-kmsg), one record a line. It names a control group in which a process could not be made; the counter of the group is gone when
 * the engine reports the end of a container that ended by that.
 */
export function openKernelLog(): KernelLog {
  const file = openSync("/dev/kmsg", constants.O_RDONLY | constants.O_NONBLOCK);
  const read = (): string[] => {
    const buffer = Buffer.alloc(8192);
    const records: string[] = [];
    for (;;) {
      try {
        records.push(buffer.toString("utf8", 0, readSync(file, buffer)));
      } catch (error) {
        if (isErrno(error, "EAGAIN")) return records;
        // Records that were written over before they were read; the next read goes on behind them.
        if (!isErrno(error, "EPIPE")) throw error;
      }
    }
  };
  read();
  return { read, close: () => closeSync(file) };
}

/** Whether the kernel refused a process to the container of this id. */
export function tellsOfProcesses(records: readonly string[], container: string): boolean {
  return records.some((record) => record.includes("fork rejected by pids controller") && record.includes(container));
}
