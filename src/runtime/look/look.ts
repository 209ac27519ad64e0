import { readFileSync } from "node:fs";
import type { Context } from "../../ground/context.ts";
import { readRecord, stateOf } from "../instance-record.ts";
import { readLogEnd } from "../log/read-log.ts";
import { runtimePaths } from "../paths.ts";
import type { InstanceId } from "../runtime.ts";
import { listListening, type ListeningPort } from "./listening.ts";
import { unlessGone } from "./open-inside.ts";
import { listProcesses, type SeenProcess } from "./processes.ts";
import { readSmallFile, seeFile, type LivingProcess, type SeenContent } from "./see-file.ts";

/** What can be seen of an instance from outside, without anything being executed in it. Of one that has ended: nothing. */
export type InstanceLook = {
  readonly isRunning: () => boolean;
  /** `find`: a text to look for in it. */
  readonly file: (path: string, find?: string) => SeenContent | undefined;
  readonly text: (path: string) => string | undefined;
  readonly listening: () => readonly ListeningPort[];
  readonly processes: () => readonly SeenProcess[];
  /** The last lines that it printed. */
  readonly lastOutput: () => string;
};

const mostOutput = 16 * 1024;

/** Looks at an instance that was started; each call sees what is there at that moment. */
export function lookAtInstance(ctx: Pick<Context, "home">, id: InstanceId): InstanceLook {
  const alive = (): LivingProcess | undefined => {
    const record = readRecord(runtimePaths(ctx.home), id);
    const pid = record === undefined ? undefined : stateOf(record).pid;
    const firstId = pid === undefined ? undefined : firstIdOf(pid);
    return pid === undefined || firstId === undefined ? undefined : { pid, firstId };
  };
  const see = <T, Missing>(look: (of: LivingProcess) => T, missing: Missing): T | Missing => {
    const of = alive();
    return of === undefined ? missing : look(of);
  };
  return {
    isRunning: () => alive() !== undefined,
    file: (path, find) => see((of) => seeFile(of, path, find), undefined),
    text: (path) => see((of) => readSmallFile(of, path), undefined),
    listening: () => see((of) => listListening(of.pid), []),
    processes: () => see(listProcesses, []),
    lastOutput: () => readLogEnd(runtimePaths(ctx.home).log(id), mostOutput),
  };
}

/** `0 1000000000 65536`: which id of the host the instance's root is. */
function firstIdOf(pid: number): number | undefined {
  const first = unlessGone(() => readFileSync(`/proc/${pid}/uid_map`, "utf8"))
    ?.trim()
    .split(/\s+/)[1];
  return first === undefined ? undefined : Number(first);
}
