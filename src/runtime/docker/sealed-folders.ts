import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { mount, mountFlags, unmount } from "../../ground/libc.ts";
import { readMounts } from "../mount-table.ts";
import type { Placement } from "../profile/placement.ts";

const flags = mountFlags.noSuid | mountFlags.noDev | mountFlags.noExec;

/**
 * Makes the files of an instance read-only where they are: an engine mounts single files with no restriction but `ro`, and one that is asked for none of its own keeps those of the place
 * that the file comes from.
 */
export function sealFolders(folder: string): void {
  for (const name of ["files", "secrets"]) {
    const path = join(folder, name);
    if (!existsSync(path)) continue;
    mount(path, path, { flags: mountFlags.bind });
    mount(path, path, { flags: mountFlags.bind | mountFlags.remount | mountFlags.readOnly | flags });
  }
}

/** One tmpfs for each writable folder, for an engine that cannot say whose a tmpfs is. Returns their paths, in the order of `place.tmpfs`. */
export function makeTmpfsFolders({ folder, tmpfs, firstId }: Placement): readonly string[] {
  return tmpfs.map(({ size, uid, gid, mode }, index) => {
    const path = join(folder, `tmpfs-${index}`);
    mkdirSync(path, { mode: 0o700 });
    const data = `size=${size},uid=${firstId + uid},gid=${firstId + gid},mode=0${mode.toString(8)}`;
    mount("tmpfs", path, { type: "tmpfs", flags, data });
    return path;
  });
}

/** Takes away everything that is mounted below an instance's folder; what is in a running container stays there. May be repeated. */
export function unmountBelow(folder: string): void {
  const targets = readMounts().map(({ target }) => target);
  for (const target of targets.toReversed()) if (target.startsWith(`${folder}/`)) unmount(target, { detach: true });
}
