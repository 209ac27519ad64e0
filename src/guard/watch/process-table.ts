import type { SeenProcess } from "../guard.ts";
import type { InstanceId } from "../../runtime/runtime.ts";
import { readProgram, readStart1970, readStatus, readWords } from "./read-process.ts";

/** A process (or thread) of a watched instance, by its number on the host. */
export type KnownProcess = {
  readonly pid: number;
  readonly parent: number;
  readonly instance: InstanceId;
  /** How it got there: from a process of the instance, or from the host; then `isExpected` tells whether somebody announced it. */
  readonly origin: "inside" | "host";
  /** What it executed last, as far as that was seen. */
  executable: string;
  command: readonly string[];
  readonly started: number | undefined;
  readonly uid: number | undefined;
};

/** Which process belongs to which instance, also of those that are gone: /proc says nothing of a process that lived for half a millisecond. */
export type ProcessTable = {
  readonly get: (pid: number) => KnownProcess | undefined;
  readonly add: (
    pid: number,
    of: { readonly instance: InstanceId; readonly origin: KnownProcess["origin"] },
  ) => KnownProcess;
  readonly fork: (parent: KnownProcess, child: number, started: number) => KnownProcess;
  readonly end: (pid: number) => void;
  readonly forget: (instance: InstanceId) => void;
  readonly listOf: (instance: InstanceId) => readonly KnownProcess[];
  /** From the process to the first one of the instance, or on to where it came from on the host. */
  readonly chain: (pid: number) => readonly SeenProcess[];
};

/** Processes that have ended and are remembered for the chains of what they started. */
const mostEnded = 4096;
const longestChain = 24;
const mostWords = 64;
const longestWord = 512;

/**
 * So much of a command is remembered. Attack: a program that starts another with a hundred kilobytes of arguments, again and again: thousands of processes are remembered. Copied, since a part of a text
 * keeps the whole of it.
 */
export function keptWords(command: readonly string[] = []): readonly string[] {
  return command.slice(0, mostWords).map((word) => Buffer.from(word.slice(0, longestWord)).toString());
}

export function openProcessTable(now: () => number): ProcessTable {
  const living = new Map<number, KnownProcess>();
  const ended = new Map<number, KnownProcess>();
  const get = (pid: number): KnownProcess | undefined => living.get(pid);
  return {
    get,
    add: (pid, { instance, origin }) => {
      const known = living.get(pid);
      if (known?.instance === instance && known.origin === origin) return known;
      const status = readStatus(pid);
      const [parent, uid] = [status?.parent ?? 0, status?.uid];
      const [executable, command] = [readProgram(pid)?.link ?? "", keptWords(readWords(`/proc/${pid}/cmdline`))];
      const made = { pid, parent, instance, origin, executable, command, started: readStart1970(pid, now()), uid };
      living.set(pid, made);
      return made;
    },
    fork: (parent, child, started) => {
      const { instance, origin, executable, command, uid } = parent;
      const made = { pid: child, parent: parent.pid, instance, origin, executable, command, started, uid };
      living.set(child, made);
      return made;
    },
    end: (pid) => {
      const known = living.get(pid);
      if (known === undefined) return;
      living.delete(pid);
      ended.delete(pid);
      ended.set(pid, known);
      if (ended.size > mostEnded) ended.delete(ended.keys().next().value ?? 0);
    },
    forget: (instance) => {
      for (const processes of [living, ended]) {
        for (const [pid, known] of processes) if (known.instance === instance) processes.delete(pid);
      }
    },
    listOf: (instance) => [...living.values()].filter((known) => known.instance === instance),
    chain: (pid) => followChain(pid, (one) => living.get(one) ?? ended.get(one), now()),
  };
}

function followChain(
  from: number,
  find: (pid: number) => KnownProcess | undefined,
  now: number,
): readonly SeenProcess[] {
  const chain: SeenProcess[] = [];
  for (let pid = from; pid > 0 && chain.length < longestChain && !chain.some((one) => one.pid === pid);) {
    const seen = describe(pid, find(pid), now);
    if (seen === undefined) break;
    chain.push(seen);
    pid = seen.parent;
  }
  return chain;
}

/** What is remembered is what it was when it executed; /proc is asked only for those of the host. */
function describe(pid: number, known: KnownProcess | undefined, now: number): SeenProcess | undefined {
  if (known === undefined) return describeHost(pid, now);
  const { parent, executable, command, started, uid } = known;
  return { pid, parent, executable, command, ...given({ uid, started }) };
}

/** Processes of the host are at the end of every chain: they are looked at once in a while, not for each of a thousand executions. */
const hosts = new Map<number, { readonly seen: SeenProcess | undefined; readonly until: number }>();
const hostTime = 1000;

function describeHost(pid: number, now: number): SeenProcess | undefined {
  const known = hosts.get(pid);
  if (known !== undefined && known.until > now && known.until <= now + hostTime) return known.seen;
  if (hosts.size > 256) hosts.clear();
  const seen = lookAtHost(pid, now);
  hosts.set(pid, { seen, until: now + hostTime });
  return seen;
}

function lookAtHost(pid: number, now: number): SeenProcess | undefined {
  const status = readStatus(pid);
  if (status === undefined) return undefined;
  const { parent, uid } = status;
  const command = keptWords(readWords(`/proc/${pid}/cmdline`));
  return {
    pid,
    parent,
    executable: readProgram(pid)?.link ?? "",
    command,
    ...given({ uid, started: readStart1970(pid, now) }),
  };
}

function given({ uid, started }: { uid: number | undefined; started: number | undefined }): {
  uid?: number;
  started?: number;
} {
  return { ...(uid === undefined ? {} : { uid }), ...(started === undefined ? {} : { started }) };
}
