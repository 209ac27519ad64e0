import type { BigIntStats } from "node:fs";
import { join } from "node:path";
import { useInside } from "../../../runtime/look/open-inside.ts";
import { readMounts, type MountEntry } from "../../../runtime/mount-table.ts";
import type { CaptureFolder } from "./capture-folder.ts";
import { namesIn, readLinkIn, statPlace, useChild, type Name } from "./open-below.ts";
import { unlessRefused } from "./read-proc.ts";

/** Something in a folder of an instance that is in memory: its image does not have it. */
export type ChangedEntry = {
  /** Where the file system is mounted, as the instance sees it; the names from there on. */
  readonly mount: string;
  readonly names: readonly Name[];
  readonly type: "file" | "folder" | "link" | "other";
  readonly device: bigint;
  readonly inode: bigint;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** Bytes that it really takes: a file of a terabyte may be empty. */
  readonly allocated: number;
  readonly links: number;
  /** Milliseconds since 1970; `changed` is the kernel's own, which the instance cannot set. */
  readonly modified: number;
  readonly changed: number;
  readonly target?: Buffer;
};

/** Attack: a million empty files, among which the one is not found in time. */
const mostSeen = 65_536;
const deepest = 64;
const mostMounts = 128;

/** Everything in the memory file systems that a process sees, but for secrets. */
export function listChanged(
  { pid, secrets }: { readonly pid: number; readonly secrets: readonly string[] },
  folder: CaptureFolder,
): readonly ChangedEntry[] {
  const found: ChangedEntry[] = [];
  for (const { target } of memoryMounts(pid, secrets, folder)) {
    useInside(`/proc/${pid}/root`, target, (place) => {
      const { dev } = statPlace(place);
      list({ place, names: [], device: dev }, { mount: target, secrets, found, folder });
    });
  }
  return found;
}

/** Each file system once. */
function memoryMounts(pid: number, secrets: readonly string[], folder: CaptureFolder): readonly MountEntry[] {
  const mounts = unlessRefused(() => readMounts(pid)) ?? [];
  const ofMemory = mounts.filter(({ type }) => type === "tmpfs" || type === "ramfs");
  const seen = new Set<string>();
  const distinct = ofMemory.filter(({ device, target }) => {
    if (seen.has(device) || isSecret(target, secrets)) return false;
    seen.add(device);
    return true;
  });
  if (distinct.length > mostMounts) folder.leaveOut(`${distinct.length - mostMounts} mounts`, "too many");
  return distinct.slice(0, mostMounts);
}

/** Whether a path is a secret or below one. */
export function isSecret(path: string, secrets: readonly string[]): boolean {
  return secrets.some((secret) => path === secret || path.startsWith(`${secret}/`));
}

type Here = { readonly place: number; readonly names: readonly Name[]; readonly device: bigint };
type Listing = {
  readonly mount: string;
  readonly secrets: readonly string[];
  readonly found: ChangedEntry[];
  readonly folder: CaptureFolder;
};

function list({ place, names, device }: Here, listing: Listing): void {
  const { mount, secrets, found, folder } = listing;
  const here = pathOf({ mount, names });
  for (const name of namesIn(place)) {
    if (found.length >= mostSeen) return folder.leaveOut(here, `more than ${mostSeen} entries`);
    if (folder.isLate()) return folder.leaveOut(here, "no time was left");
    const below = [...names, name];
    const path = pathOf({ mount, names: below });
    if (isSecret(path, secrets)) {
      folder.leaveOut(path, "a secret");
      continue;
    }
    useChild(place, name, (child) => {
      const entry = describe(place, child, { mount, names: below });
      // Another file system is mounted here: it is listed by itself, or is none of the instance's own.
      if (entry.device !== device) return;
      found.push(entry);
      if (entry.type !== "folder") return;
      if (below.length >= deepest) folder.leaveOut(path, `deeper than ${deepest} folders`);
      else list({ place: child, names: below, device }, listing);
    });
  }
}

function describe(
  folder: number,
  place: number,
  { mount, names }: { readonly mount: string; readonly names: readonly Name[] },
): ChangedEntry {
  const stats = statPlace(place);
  const isLink = stats.isSymbolicLink();
  return {
    mount,
    names,
    type: typeOf(stats),
    device: stats.dev,
    inode: stats.ino,
    mode: Number(stats.mode) & 0o7777,
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    size: Number(stats.size),
    allocated: Number(stats.blocks) * 512,
    links: Number(stats.nlink),
    modified: Number(stats.mtimeMs),
    changed: Number(stats.ctimeMs),
    ...(isLink ? { target: readLinkIn(folder, names.at(-1) as Name) } : {}),
  };
}

function typeOf(stats: BigIntStats): ChangedEntry["type"] {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "folder";
  return stats.isSymbolicLink() ? "link" : "other";
}

/** As the instance sees it. */
export function pathOf({ mount, names }: { readonly mount: string; readonly names: readonly Name[] }): string {
  return join(mount, ...names.map(showName));
}

/** A name as text; bytes that are no UTF-8 as `%FF`, so that two names never become one. */
export function showName(name: Buffer): string {
  const text = name.toString("utf8");
  if (Buffer.from(text).equals(name)) return text;
  return [...name]
    .map((byte) =>
      byte < 0x80 && byte !== 0x25
        ? String.fromCodePoint(byte)
        : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`,
    )
    .join("");
}
