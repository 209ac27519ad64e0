import {
  closeSync,
  existsSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  mkdirSync,
  openSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { IngotError } from "../ground/error.ts";
import { mount, mountFlags, unmount } from "../ground/libc.ts";
import { mountsAt } from "./mount-table.ts";
import { hostIdOf, type FilePlacement, type Placement } from "./profile/placement.ts";
import type { InstanceSpec, Secret } from "./runtime.ts";

const mostSecret = 1024 * 1024;

/** Writes the files of the configuration below the instance's folder on the host, and notes which they are. */
export function writeFiles(place: Placement, files: NonNullable<InstanceSpec["files"]>): Placement {
  if (files.length === 0) return place;
  mkdirSync(join(place.folder, "files"), { mode: 0o711 });
  const contents = files.map(({ content }) => content);
  return writeAll(place, "file", { contents, mode: 0o444 });
}

/**
 * Writes secrets where they are on no disk, also not as swapped memory: into a ramfs of their own, which root of the host alone can enter. `unmountSecrets` takes that away as soon as the
 * instance has its mounts. Throws `file-not-mountable` for one that is too large.
 */
export function writeSecrets(place: Placement, secrets: readonly Secret[], user: InstanceSpec["user"]): Placement {
  if (secrets.length === 0) return place;
  for (const { path, content } of secrets) if (content.length > mostSecret) throw tooLarge(path, content.length);
  const folder = secretFolder(place.folder);
  mkdirSync(folder, { mode: 0o700 });
  const flags = mountFlags.noSuid | mountFlags.noDev | mountFlags.noExec;
  mount("ramfs", folder, { type: "ramfs", flags, data: "mode=0700" });
  const contents = secrets.map(({ content }) => content);
  return writeAll(place, "secret", { contents, mode: 0o400, owner: hostIdOf(place, user) });
}

/** May be repeated. `folder`: the instance's own on the host. */
export function unmountSecrets(folder: string): void {
  const target = secretFolder(folder);
  if (!existsSync(target)) return;
  for (const mounted of mountsAt(target)) unmount(mounted.target, { detach: true });
  rmdirSync(target);
}

function secretFolder(folder: string): string {
  return join(folder, "secrets");
}

type Content = string | Uint8Array;
type Access = { readonly mode: number; readonly owner?: { readonly uid: number; readonly gid: number } };

/** `contents`: of the files of one kind, in their order. */
function writeAll(
  place: Placement,
  kind: FilePlacement["kind"],
  { contents, ...access }: Access & { readonly contents: readonly Content[] },
): Placement {
  const left = [...contents];
  const files = place.files.map((file): FilePlacement => {
    if (file.kind !== kind) return file;
    return { ...file, identity: writeFile(file.source, left.shift() ?? "", access) };
  });
  return { ...place, files };
}

function writeFile(path: string, content: Content, { mode, owner }: Access): FilePlacement["identity"] & object {
  const file = openSync(path, "wx", 0o600);
  try {
    writeFileSync(file, content);
    if (owner !== undefined) fchownSync(file, owner.uid, owner.gid);
    // After that: a change of the owner may take bits away. And whatever the umask is.
    fchmodSync(file, mode);
    const { dev, ino } = fstatSync(file);
    return { device: dev, inode: ino };
  } finally {
    closeSync(file);
  }
}

function tooLarge(path: string, size: number): IngotError {
  return new IngotError(
    "file-not-mountable",
    `the secret for ${JSON.stringify(path)} has ${size} bytes, at most ${mostSecret} are held in memory`,
    {
      hint: "give what is secret about it, such as a key, and put the rest into the image",
    },
  );
}
