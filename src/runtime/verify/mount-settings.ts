import { existsSync, lstatSync } from "node:fs";
import { readMounts, type MountEntry } from "../mount-table.ts";
import type { Placement } from "../profile/placement.ts";
import { deviceFolderSize, deviceNodes, maskedPaths, readOnlyPaths, sharedMemorySize } from "../profile/settings.ts";
import type { Setting } from "./setting.ts";

type Expected = { readonly target: string; readonly text: string };

/** Every mount that the process sees against the exact list of those it may have: one too many is as bad as one missing. */
export function mountSettings(pid: number, place: Placement): Setting[] {
  const expected = new Map(expectedMounts(place).map(({ target, text }) => [target, text]));
  const actual = new Map<string, string>();
  // A mount over another hides it; both are listed, so a second one at a place shows.
  for (const entry of readMounts(pid)) {
    const before = actual.get(entry.target);
    actual.set(entry.target, before === undefined ? describe(entry) : `${before} under ${describe(entry)}`);
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
    ...place.identityFiles.map((target) => ({ target, text: "file of the instance ro nosuid nodev noexec" })),
    ...deviceNodes.map((target) => ({ target, text: `device ${target.slice("/dev".length)}` })),
    ...readOnlyPaths.filter(onThisKernel).map((target) => ({ target, text: "proc ro nosuid nodev noexec" })),
    ...maskedPaths
      .filter(onThisKernel)
      .map((target) => ({ target, text: lstatSync(target).isDirectory() ? maskFolder : maskFile })),
  ];
}

const maskFile = "device /null";
const maskFolder = "tmpfs ro";

function sizedTmpfs(size: number): string {
  // The kernel rounds up to whole pages.
  return `tmpfs rw nosuid nodev noexec size=${Math.ceil(size / 4096) * 4}k`;
}

function onThisKernel(path: string): boolean {
  return existsSync(path);
}

/** Only what matters: type, restrictions, size, and for binds which file it is. */
function describe(entry: MountEntry): string {
  if (isDeviceNode(entry)) return `device ${entry.root}`;
  const size = entry.superOptions.find((option) => option.startsWith("size="));
  const restrictions = ["ro", "rw", "nosuid", "nodev", "noexec", "idmapped"].filter((option) =>
    entry.options.includes(option),
  );
  const isBind = entry.root !== "/" && entry.type !== "proc";
  return [isBind ? "file of the instance" : entry.type, ...restrictions, ...(size === undefined ? [] : [size])].join(
    " ",
  );
}

/** A single node of the host's /dev, bound. */
function isDeviceNode(entry: MountEntry): boolean {
  return entry.root.length > 1 && (entry.type === "devtmpfs" || entry.type === "tmpfs") && entry.target.startsWith("/");
}
