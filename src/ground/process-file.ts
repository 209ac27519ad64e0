import { processCalls, SystemCallError, type ChildEnd } from "./libc.ts";

/** A file that stands for a process, whoever its parent is; undefined when there is none of that number. To be closed. Linux 5.3. */
export function openProcess(pid: number): number | undefined {
  const file = processCalls().pidfd_open(pid, 0);
  if (file >= 0) return file;
  const error = new SystemCallError("pidfd_open", String(pid));
  if (error.code === "ESRCH") return undefined;
  throw error;
}

/**
 * How the process of `openProcess` ended, which the kernel tells others than its parent since Linux 6.15, once the parent has read it (struct pidfd_info of linux/pidfd.h). Undefined while it
 * lives, and where the kernel does not tell.
 */
export function readProcessEnd(file: number): ChildEnd | undefined {
  const [getInfo, wantsExit] = [0xc040_ff0bn, 8n];
  const information = Buffer.alloc(64);
  information.writeBigUInt64LE(wantsExit, 0);
  if (processCalls().ioctl(file, getInfo, information) !== 0) return undefined;
  if ((information.readBigUInt64LE(0) & wantsExit) === 0n) return undefined;
  return endOfStatus(information.readInt32LE(60));
}

/** `status`: as wait(2) has it. */
export function endOfStatus(status: number): ChildEnd {
  const signal = status & 0x7f;
  return signal === 0 ? { exitCode: (status >> 8) & 0xff } : { exitCode: 128 + signal, signal };
}
