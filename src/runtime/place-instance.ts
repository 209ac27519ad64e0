import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { IngotError } from "../ground/error.ts";
import { statInside, resolveInside } from "./content/look-inside.ts";
import type { RuntimePaths } from "./paths.ts";
import { placeFiles } from "./place-files.ts";
import type { Placement, TmpfsPlacement } from "./profile/placement.ts";
import { identityFiles } from "./profile/settings.ts";
import type { InstanceSpec } from "./runtime.ts";

export type PlaceOptions = {
  /** Where the image's content is mounted. */
  readonly content: string;
  readonly paths: RuntimePaths;
  readonly firstId: number;
  /** The paths of what is given to it at its start and kept nowhere. */
  readonly secrets?: readonly string[];
};

/** Decides where an instance goes, from what its image has at the places to mount on. Throws `image-not-runnable`, `file-not-mountable`. */
export function placeInstance(spec: InstanceSpec, options: PlaceOptions): Placement {
  const { content, paths, firstId, secrets = [] } = options;
  const tmpfs = spec.writable.map((entry) => tmpfsPlacement(spec, content, entry));
  assertEachOnce(spec, tmpfs);
  assertWorkdir(spec, content, tmpfs);
  const folder = paths.bundle(spec.id);
  const files = (spec.files ?? []).map(({ path }) => path);
  return {
    rootfs: join(folder, "rootfs"),
    firstId,
    networkNamespace: paths.networkNamespace(spec.id),
    cgroup: paths.cgroup(spec.id),
    folder,
    identityFiles: identityFiles.filter((path) => hasPlainFile(content, path)),
    tmpfs: tmpfs.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    files: placeFiles({ files, secrets }, { content, tmpfs, folder, image: spec.image }),
    hasSwapLimit: hasSwapLimit(),
    mostOpenFiles: mostOpenFiles(),
  };
}

/** The three files that tell an instance who it is. There is no resolver: no name server can be reached. */
export function writeIdentityFiles(folder: string, id: string, address: string): void {
  writeReadable(join(folder, "hostname"), `${id}\n`);
  writeReadable(join(folder, "hosts"), `127.0.0.1\tlocalhost\n${address}\t${id}\n`);
  writeReadable(join(folder, "resolv.conf"), "# this instance has no name server\n");
}

/** Whatever the umask: the instance's user is nobody to these files. */
function writeReadable(path: string, text: string): void {
  writeFileSync(path, text);
  chmodSync(path, 0o644);
}

/** Following a link here would mount on some other path than the one that is checked afterwards. */
function hasPlainFile(content: string, path: string): boolean {
  return resolveInside(content, path) === path && statInside(content, path)?.isFile() === true;
}

/**
 * runc gives a tmpfs the mode of the image's folder. It belongs to the instance's user, since a place declared writable that its user cannot write is
 * of no use; but a folder that is open to all keeps its owner, so that /tmp stays root's with its sticky bit.
 */
function tmpfsPlacement(spec: InstanceSpec, content: string, entry: { path: string; size: number }): TmpfsPlacement {
  const path = resolveInside(content, entry.path);
  const stats = path === undefined ? undefined : statInside(content, path);
  if (path === undefined || stats?.isDirectory() !== true || path === "/") throw notAFolder(spec, entry.path);
  const mode = stats.mode & 0o7777;
  const isOpenToAll = (mode & 0o002) !== 0;
  const owner = isOpenToAll ? { uid: stats.uid, gid: stats.gid } : spec.user;
  return { path, size: entry.size, uid: owner.uid, gid: owner.gid, mode };
}

/** Two paths may lead to one folder by a link of the image: one of the sizes could not be kept. */
function assertEachOnce(spec: InstanceSpec, tmpfs: readonly TmpfsPlacement[]): void {
  const twice = tmpfs.find(({ path }, index) => tmpfs.findIndex((other) => other.path === path) !== index);
  if (twice === undefined) return;
  throw new IngotError("image-not-runnable", `the image ${spec.image} declares ${twice.path} writable more than once`, {
    details: spec.writable.map(({ path }) => path),
    hint: `one of the paths of \`writable\` is a link to ${twice.path}`,
  });
}

/**
 * A folder of the image, or a place in a tmpfs. Anything else is for runc to look for, at a moment when it still has files of the host open: `/proc/self/fd/8` was
 * the way out of a container once (CVE-2024-21626).
 */
function assertWorkdir({ workdir, image }: InstanceSpec, content: string, tmpfs: readonly TmpfsPlacement[]): void {
  const isPlain = workdir.startsWith("/") && !workdir.split("/").includes("..");
  if (isPlain && statInside(content, workdir)?.isDirectory() === true) return;
  if (isPlain && tmpfs.some(({ path }) => workdir.startsWith(`${path}/`))) return;
  throw new IngotError(
    "image-not-runnable",
    `the image ${image} wants to start in ${workdir}, which is not a folder of it`,
    {
      hint: "build the image with that folder, or another working directory",
    },
  );
}

function hasSwapLimit(): boolean {
  const version2 = existsSync("/sys/fs/cgroup/cgroup.controllers");
  return version2 || existsSync("/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes");
}

function mostOpenFiles(): number {
  const line = readFileSync("/proc/self/limits", "utf8")
    .split("\n")
    .find((text) => text.startsWith("Max open files"));
  const hard = line?.trim().split(/\s{2,}/)[2];
  return hard === "unlimited" || hard === undefined ? Number.MAX_SAFE_INTEGER : Number(hard);
}

function notAFolder(spec: InstanceSpec, path: string): IngotError {
  return new IngotError(
    "image-not-runnable",
    `the image ${spec.image} declares ${path} writable, which is not a folder of it`,
    {
      hint: "the paths of `writable` must be folders, or not exist in the image",
    },
  );
}
