import { existsSync, lstatSync, readdirSync } from "node:fs";
import { readMounts, type MountEntry } from "../mount-table.ts";
import type { Placement } from "../profile/placement.ts";
import { deviceNodes, identityFiles, maskedPaths, readOnlyPaths, sharedMemorySize } from "../profile/settings.ts";
import type { Setting } from "../verify/setting.ts";
import { hiddenFolders } from "./container-plan.ts";
import type { Daemon } from "./daemon.ts";

export type Contained = {
  readonly pid: number;
  readonly place: Placement;
  readonly daemon: Pick<Daemon, "kind" | "hasAppArmor">;
};

/** Every mount that a container's process sees against the list of those it may have. A place may be mounted more than once, restricted by the last: all of them are in the text. */
export function containerMounts(contained: Contained): Setting[] {
  const expected = expectedMounts(contained);
  const actual = new Map<string, readonly string[]>();
  for (const entry of readMounts(contained.pid)) {
    // Below what is hidden whole; that it is, is read by looking there.
    if (entry.target.startsWith("/sys/")) continue;
    actual.set(entry.target, [...(actual.get(entry.target) ?? []), describe(entry, contained)]);
  }
  const targets = [...new Set([...expected.keys(), ...actual.keys()])].toSorted();
  const text = (texts: readonly string[] | undefined): string => [...new Set(texts)].toSorted().join(", ") || "none";
  return [
    ...targets.map((target) => ({
      name: `mount ${target}`,
      expected: text(expected.get(target)),
      actual: text(actual.get(target)),
    })),
    ...hiddenFolders.map((path) => ({
      name: `folder ${path}`,
      expected: "",
      actual: namesIn(contained.pid, path).join(" "),
    })),
    { name: "devices in /dev", expected: "only the plain ones", actual: devicesOf(contained.pid) },
  ];
}

function expectedMounts({ place, daemon }: Contained): Map<string, readonly string[]> {
  const { kind, hasAppArmor } = daemon;
  const bound = kind === "docker" ? "file ro" : "file ro nosuid nodev noexec";
  const proc = [`proc rw ${all}`, ...(kind === "podman" || hasAppArmor ? [] : [`proc ro ${all}`])];
  const dev =
    kind === "docker"
      ? ["tmpfs rw nosuid size=65536k", "tmpfs ro nosuid size=65536k"]
      : ["tmpfs rw nosuid noexec size=65536k"];
  const masks = maskedPaths.filter((path) => existsSync(path));
  return new Map<string, readonly string[]>([
    ["/", ["overlay ro"]],
    ["/proc", proc],
    ["/dev", dev],
    ["/dev/pts", ["devpts rw nosuid noexec"]],
    ["/dev/shm", [sizedTmpfs(sharedMemorySize)]],
    ["/dev/mqueue", [`mqueue rw ${all}`, "tmpfs ro"]],
    ["/sys", [`sysfs ro ${all}`, "tmpfs ro"]],
    ...(kind === "podman" ? podmanOwn(place) : []),
    ...place.tmpfs.map(({ path, size }) => [path, [sizedTmpfs(size)]] as const),
    ...identityFiles.map((path) => [path, [bound]] as const),
    ...place.files.map(
      ({ path, kind: of }) =>
        [
          path,
          [of === "file" ? `file of the instance ro ${all}` : `secret of the instance, in memory ro ${all}`],
        ] as const,
    ),
    ...readOnlyPaths.filter((path) => existsSync(path)).map((path) => [path, [`proc ro ${all}`]] as const),
    ...masks.map(
      (path) => [path, [lstatSync(path).isDirectory() ? "tmpfs ro" : `device ${deviceNodes["/dev/null"]}`]] as const,
    ),
  ]);
}

const all = "nosuid nodev noexec";

/** What podman mounts in every read-only container, where nothing else is. */
function podmanOwn(place: Placement): readonly (readonly [string, readonly string[]])[] {
  return place.tmpfs.some(({ path }) => path === "/var/tmp") ? [] : [["/var/tmp", ["tmpfs rw nosuid nodev"]]];
}

/** The kernel rounds up to whole pages. */
function sizedTmpfs(size: number): string {
  return `tmpfs rw ${all} size=${Math.ceil(size / 4096) * 4}k`;
}

function describe(entry: MountEntry, contained: Contained): string {
  const isBound = entry.root !== "/" && entry.type !== "proc";
  const kind = isBound ? describeBound(entry, contained) : entry.type;
  if (kind.startsWith("device ")) return kind;
  const size =
    entry.type === "tmpfs" && !isBound ? entry.superOptions.find((option) => option.startsWith("size=")) : undefined;
  const restrictions = ["ro", "rw", "nosuid", "nodev", "noexec"].filter((option) => entry.options.includes(option));
  return [kind, ...restrictions, ...(size === undefined ? [] : [size])].join(" ");
}

/** By the inode itself: a plain file in the place of the host's /dev/null would be one that the instance can write and execute. */
function describeBound(entry: MountEntry, { pid, place }: Contained): string {
  const bound = lstatSync(`/proc/${pid}/root${entry.target}`);
  if (bound.isCharacterDevice()) return `device ${bound.rdev >>> 8}:${bound.rdev & 0xff}`;
  const given = place.files.find(({ path }) => path === entry.target);
  if (given === undefined) {
    const isIdentity = bound.isFile() && identityFiles.some((path) => path === entry.target);
    return isIdentity ? "file" : `${entry.type} file ${entry.root}`;
  }
  const isIt = bound.isFile() && bound.ino === given.identity?.inode && bound.dev === given.identity.device;
  if (!isIt) return `${entry.type} file ${entry.root}`;
  const mode = (bound.mode & 0o7777).toString(8);
  if (given.kind === "file") return mode === "444" ? "file of the instance" : `file of mode ${mode}`;
  return mode === "400" && entry.type === "ramfs"
    ? "secret of the instance, in memory"
    : `secret of mode ${mode} on ${entry.type}`;
}

function namesIn(pid: number, path: string): readonly string[] {
  const folder = `/proc/${pid}/root${path}`;
  return existsSync(folder) ? readdirSync(folder) : [];
}

function devicesOf(pid: number): string {
  const known = new Map<string, string>(Object.entries(deviceNodes));
  const wrong = namesIn(pid, "/dev").filter((name) => {
    const node = lstatSync(`/proc/${pid}/root/dev/${name}`);
    if (!node.isCharacterDevice() && !node.isBlockDevice()) return false;
    return known.get(`/dev/${name}`) !== `${node.rdev >>> 8}:${node.rdev & 0xff}`;
  });
  return wrong.length === 0 ? "only the plain ones" : wrong.join(", ");
}
