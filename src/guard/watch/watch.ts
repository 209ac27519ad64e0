import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "../../ground/atomic-file.ts";
import { isErrno } from "../../ground/error.ts";
import { identifyProcess } from "../../runtime/process-identity.ts";
import { readMounts, type MountEntry } from "../../runtime/mount-table.ts";
import type { WatchedInstance } from "../guard.ts";
import type { InstanceView } from "../verdict/instance-view.ts";
import { readStatus, unlessEnded } from "./read-process.ts";

/** The settings of a process that are held to what the instance's first process had. */
export const heldFields = ["NoNewPrivs", "Seccomp"] as const;
export const capabilitySets = ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] as const;
export const namespaceKinds = ["user", "pid", "net", "ipc", "uts", "mnt", "cgroup"] as const;

/** What an instance was when it was first watched. Kept below /run, so that a guard that is started anew does not take for right what was changed meanwhile. */
export type Baseline = {
  readonly process: { readonly pid: number; readonly startTime: string; readonly bootId: string };
  readonly mounts: readonly MountEntry[];
  readonly namespaces: Readonly<Record<string, string>>;
  readonly settings: Readonly<Record<string, string>>;
  readonly idMaps: Readonly<Record<string, string>>;
};

/** An instance that is watched. */
export type Watch = {
  /** Replaced when its mode or its exceptions change. */
  instance: WatchedInstance;
  readonly baseline: Baseline;
  readonly view: InstanceView;
  /** Where the kernel keeps its user namespace; undefined where that could not be learnt, or where it has the host's. */
  readonly userNamespace: bigint | undefined;
};

/** Undefined for an instance that has ended. `folder`: where baselines are kept. */
export function readBaseline(folder: string, instance: WatchedInstance): Baseline | undefined {
  const identity = unlessEnded(() => identifyProcess(instance.pid));
  if (identity === undefined) return undefined;
  const path = join(folder, `${instance.id}.json`);
  const kept = readKept(path);
  if (kept?.process.startTime === identity.startTime && kept.process.bootId === identity.bootId) return kept;
  const made = unlessEnded(() => makeBaseline(instance.pid, identity));
  if (made !== undefined) writeFileAtomic(path, `${JSON.stringify(made)}\n`, { mode: 0o600, durable: false });
  return made;
}

function readKept(path: string): Baseline | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Baseline;
  } catch (error) {
    if (error instanceof SyntaxError || isErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}

function makeBaseline(pid: number, process: Baseline["process"]): Baseline {
  const status = readStatus(pid);
  return {
    process,
    mounts: readMounts(pid),
    namespaces: readNamespaces(pid),
    settings: Object.fromEntries([...heldFields, ...capabilitySets].map((name) => [name, status?.field(name) ?? ""])),
    idMaps: readIdMaps(pid),
  };
}

export function readNamespaces(pid: number): Readonly<Record<string, string>> {
  const links = namespaceKinds.map((kind) => [kind, unlessEnded(() => readlinkSync(`/proc/${pid}/ns/${kind}`)) ?? ""]);
  return Object.fromEntries(links) as Record<string, string>;
}

export function readIdMaps(pid: number): Readonly<Record<string, string>> {
  const maps = ["uid_map", "gid_map"].map((name) => {
    const text = unlessEnded(() => readFileSync(`/proc/${pid}/${name}`, "utf8")) ?? "";
    return [name, text.trim().split(/\s+/).join(" ")];
  });
  return Object.fromEntries(maps) as Record<string, string>;
}

/** Targets of everything that is mounted over the image. */
export function coveredBy(mounts: readonly MountEntry[]): readonly string[] {
  return mounts.map(({ target }) => target).filter((target) => target !== "/");
}

/** File systems in which no instance makes a plain file; single devices of the host's are bound. */
const withoutFiles: ReadonlySet<string> = new Set(["devtmpfs", "devpts", "proc", "sysfs", "mqueue"]);

/** Whether nothing that is written can be executed. A mount that changes later is drift by itself. */
export function isSealed(mounts: readonly MountEntry[]): boolean {
  return mounts.every(
    ({ options, type }) => options.includes("ro") || options.includes("noexec") || withoutFiles.has(type),
  );
}

/** All threads of a process. */
export function listThreads(pid: number): readonly number[] {
  const folder = `/proc/${pid}/task`;
  return existsSync(folder) ? (unlessEnded(() => readdirSync(folder)) ?? []).map(Number) : [];
}
