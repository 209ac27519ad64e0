import { readChildEnd } from "../../ground/libc.ts";
import { parentOf } from "../process-identity.ts";

/** First processes of instances that are children of this process though Node did not start them. */
const adopted = new Set<number>();

/**
 * Sees to it that nothing of an ended instance stays in the host's table of processes. Who runs programs to their end adopts what lost its parent, and so does who is PID 1: an
 * instance that is started meanwhile ends as a child of a process that lives on and on, in which nobody asks how it ended. Does nothing for any other.
 * To be called when its number is needed no more: from here on it may become another's as soon as the process ends.
 */
export function reapAtEnd(pid: number | undefined): void {
  if (pid === undefined || parentOf(pid) !== process.pid) return;
  // Of several ends one signal may be all that comes, and the first may have come already: each time all are looked at. It keeps no process from exiting.
  if (adopted.size === 0) process.on("SIGCHLD", reapEnded);
  adopted.add(pid);
  reapEnded();
}

/** Asks by number, so that the children that Node waits for are left to it. */
function reapEnded(): void {
  for (const pid of adopted) if (readChildEnd(pid) !== undefined) adopted.delete(pid);
  if (adopted.size === 0) process.off("SIGCHLD", reapEnded);
}
