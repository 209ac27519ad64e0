import { readlinkSync } from "node:fs";
import { mount, SystemCallError } from "../../ground/libc.ts";
import { unlessEnded } from "../watch/read-process.ts";
import type { TraceEvent } from "./trace/trace-event.ts";
import type { TraceSensor } from "./trace/trace.ts";

/**
 * The kernel names user namespaces in its events by their address. That of an instance is learnt by asking for a right in it, which reading links of its processes is, and looking what the kernel told of
 * that: what was asked for by this process between two moments.
 */
export type NamespaceLearner = {
  /** Given every capability event of this process. */
  readonly note: (event: Extract<TraceEvent, { kind: "capability" }>) => void;
  /** Undefined where the process has the user namespace of this one, is gone, or is of this user. */
  readonly learn: (pid: number) => bigint | undefined;
};

export function namespaceLearner(trace: TraceSensor, folder: string): NamespaceLearner {
  let noted: { readonly time: number; readonly namespace: bigint }[] = [];
  let own: bigint | undefined;
  const during = (ask: () => unknown): bigint[] => {
    noted = [];
    trace.guardNamespaces(undefined);
    const began = Number(process.hrtime.bigint());
    ask();
    const ended = Number(process.hrtime.bigint());
    // Twice: what happened while a drain was under way is held back for the next one.
    for (let rounds = 0; rounds < 2; rounds += 1) trace.drain();
    return noted.filter(({ time }) => time >= began && time <= ended).map(({ namespace }) => namespace);
  };
  return {
    note: ({ time, namespace }) => void noted.push({ time, namespace }),
    learn: (pid) => {
      own ??= during(() => askForMount(folder))[0];
      const found = during(() => unlessEnded(() => readlinkSync(`/proc/${pid}/ns/user`)));
      trace.guardNamespaces(own);
      return found.find((namespace) => namespace !== own);
    },
  };
}

/** A mount that cannot be: the right to mount is asked for first. */
function askForMount(folder: string): void {
  try {
    mount("none", folder, { type: "ingot-no-such-file-system" });
  } catch (error) {
    if (!(error instanceof SystemCallError)) throw error;
  }
}
