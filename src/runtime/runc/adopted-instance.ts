import { readChildEnd, type ChildEnd } from "../../ground/libc.ts";
import { parentOf } from "../process-identity.ts";

/** First processes of instances that are children of this process though Node did not start them, with who wants to know how each ends. */
const adopted = new Map<number, (end: ChildEnd) => void>();

/**
 * Sees to it that nothing of an ended instance stays in the host's table of processes. Who runs programs to their end adopts what lost its parent, and so does who is PID 1: an
 * instance that is started meanwhile ends as a child of a process that lives on and on, in which nobody asks how it ended. Does nothing for any other.
 * To be called when its number is needed no more: from here on it may become another's as soon as the process ends.
 */
export function reapAtEnd(pid: number | undefined, tell: (end: ChildEnd) => void = () => {}): void {
  if (pid === undefined || parentOf(pid) !== process.pid) return;
  // Of several ends one signal may be all that comes, and the first may have come already: each time all are looked at. It keeps no process from exiting.
  if (adopted.size === 0) process.on("SIGCHLD", reapEnded);
  adopted.set(pid, tell);
  reapEnded();
}

/** Asks by number, so that the children that Node waits for are left to it. */
function reapEnded(): void {
  for (const [pid, tell] of adopted) {
    const end = readChildEnd(pid);
    if (end === undefined) continue;
    adopted.delete(pid);
    tell(end);
  }
  if (adopted.size === 0) process.off("SIGCHLD", reapEnded);
}
