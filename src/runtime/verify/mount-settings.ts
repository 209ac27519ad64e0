import { existsSync, lstatSync, statSync, type Stats } from "node:fs";
import { basename, join } from "node:path";
import { readMounts, type MountEntry } from "../mount-table.ts";
import type { FilePlacement, Placement } from "../profile/placement.ts";
import {
  deviceFolderSize,
  deviceNodes,
  idRangeSize,
  maskedPaths,
  readOnlyPaths,
  sharedMemorySize,
} from "../profile/settings.ts";
import type { Setting } from "./setting.ts";

type Expected = { readonly target: string; readonly text: string };

/** Every mount that the process sees against the exact list of those it may have: one too many is as bad as one missing. */
export function mountSettings(pid: number, place: Placement): Setting[] {
  const expected = new Map(expectedMounts(place).map(({ target, text }) => [target, text]));
  const actual = new Map<string, string>();
  // A mount over another hides it; both are listed, so a second one at a place shows.
  for (const entry of readMounts(pid)) {
    const before = actual.get(entry.target);
    const text = describe(entry, pid, place);
    actual.set(entry.target, before === undefined ? text : `${before} under ${text}`);
  }
  const targets = [...new Set([...expected.keys(), ...actual.keys()])].toSorted();
  return targets.map((target) => ({
    name: `mount ${target}`,
    expected: expected.get(target) ?? "none",
    actual: actual.get(target) ?? "none",
  }));
}

function expectedMounts(place: Placement): Expected[] {
  return [
    { target: "/", text: "erofs ro nosuid nodev idmapped" },
    { target: "/proc", text: "proc ro nosuid nodev noexec" },
    { target: "/dev", text: `tmpfs ro nosuid noexec size=${deviceFolderSize / 1024}k` },
    { target: "/dev/pts", text: "devpts rw nosuid noexec" },
    { target: "/dev/shm", text: sizedTmpfs(sharedMemorySize) },
    ...place.tmpfs.map(({ path, size }) => ({ target: path, text: sizedTmpfs(size) })),
    ...place.identityFiles.map((target) => ({ target, text: ownFile })),
    ...place.files.map(({ kind, path }) => ({ target: path, text: kind === "file" ? ownFile : ownSecret })),
    ...Object.entries(deviceNodes).map(([target, number]) => ({ target, text: `device ${number}` })),
    ...readOnlyPaths.filter(onThisKernel).map((target) => ({ target, text: "proc ro nosuid nodev noexec" })),
    ...maskedPaths
      .filter(onThisKernel)
      .map((target) => ({ target, text: lstatSync(target).isDirectory() ? maskFolder : maskFile })),
  ];
}

const ownFile = "file of the instance ro nosuid nodev noexec";
const ownSecret = "secret of the instance, in memory ro nosuid nodev noexec";
const maskFile = `device ${deviceNodes["/dev/null"]}`;
const maskFolder = "tmpfs ro";

function sizedTmpfs(size: number): string {
  // The kernel rounds up to whole pages.
  return `tmpfs rw nosuid nodev noexec size=${Math.ceil(size / 4096) * 4}k`;
}

function onThisKernel(path: string): boolean {
  return existsSync(path);
}

/** Only what matters: type, restrictions, size, and for a single file that is bound, which one it is. */
function describe(entry: MountEntry, pid: number, place: Placement): string {
  const isBind = entry.root !== "/" && entry.type !== "proc";
  const kind = isBind ? describeBound(entry, pid, place) : entry.type;
  if (kind.startsWith("device ")) return kind;
  const size = entry.superOptions.find((option) => option.startsWith("size="));
  const restrictions = ["ro", "rw", "nosuid", "nodev", "noexec", "idmapped"].filter((option) =>
    entry.options.includes(option),
  );
  return [kind, ...restrictions, ...(size === undefined || isBind ? [] : [size])].join(" ");
}

/**
 * By the inode itself, not by the kind of file system it lies on: the host's /dev and /run may both be tmpfs, and a plain file in the place of the
 * host's /dev/null would be one that the instance can write and execute.
 */
function describeBound(entry: MountEntry, pid: number, place: Placement): string {
  const bound = lstatSync(`/proc/${pid}/root${entry.target}`);
  if (bound.isCharacterDevice()) return `device ${bound.rdev >>> 8}:${bound.rdev & 0xff}`;
  const given = place.files.find(({ path }) => path === entry.target);
  if (given !== undefined) return describeGiven({ entry, given, bound, place });
  const own = statSync(join(place.folder, basename(entry.target)), { throwIfNoEntry: false });
  if (bound.isFile() && own?.ino === bound.ino && own.dev === bound.dev) return "file of the instance";
  return `${entry.type} file ${entry.root}`;
}

type Given = { entry: MountEntry; given: FilePlacement; bound: Stats; place: Placement };

/** Which file it is was noted when it was written; of a secret also that it is on no disk, and that nobody but its user may read it. */
function describeGiven({ entry, given, bound, place }: Given): string {
  const { kind, identity } = given;
  const isIt = bound.isFile() && bound.ino === identity?.inode && bound.dev === identity.device;
  if (!isIt) return `${entry.type} file ${entry.root}`;
  const mode = bound.mode & 0o7777;
  if (kind === "file") return mode === 0o444 ? "file of the instance" : `file of mode ${mode.toString(8)}`;
  if (mode !== 0o400 || !isOwn(bound.uid, place)) return `secret of mode ${mode.toString(8)}, of ${bound.uid}`;
  return entry.type === "ramfs" ? "secret of the instance, in memory" : `secret on ${entry.type}`;
}

function isOwn(uid: number, { firstId }: Placement): boolean {
  return uid >= firstId && uid < firstId + idRangeSize;
}
