import { closeSync, mkdirSync, openSync, rmSync } from "node:fs";
import { mount, mountFlags } from "../ground/libc.ts";
import type { CastRequest } from "./cast-messages.ts";

export type Work = {
  /** Absolute path of the empty folder that becomes the image's `/`. */
  readonly root: string;
  /** The Node that sandboxes start, on a read-only mount. */
  readonly node: string;
};

/** Mounts what the worker works in. Seen by this mount namespace only, and gone with it. */
export function prepareWork({ folder, tmpfs, stale }: CastRequest["work"]): Work {
  for (const old of stale) rmSync(old, { recursive: true, force: true });
  const flags = mountFlags.noDev;
  if (tmpfs > 0) mount("tmpfs", folder, { type: "tmpfs", flags, data: `mode=0755,size=${tmpfs},nr_inodes=0` });
  const root = `${folder}/root`;
  const node = `${folder}/node`;
  rmSync(root, { recursive: true, force: true });
  mkdirSync(root, 0o755);
  closeSync(openSync(node, "w"));
  mount(process.execPath, node, { flags: mountFlags.bind });
  // A host may mount the place of Node nosuid and nodev; the kernel lets nobody in a user namespace take that away again, not even by leaving it out.
  const closed = mountFlags.readOnly | mountFlags.noSuid | mountFlags.noDev;
  mount("", node, { flags: mountFlags.remount | mountFlags.bind | closed });
  return { root, node };
}
