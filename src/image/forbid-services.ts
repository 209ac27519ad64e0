import type { Tree } from "../debian/unpack/tree.ts";

/**
 * Lets no script start a service: invoke-rc.d asks this program whether it may start a service (101: no), unless the image has an answer of its own. Returns what undoes it.
 */
export function forbidServices(tree: Tree): () => void {
  // A base that is not Debian may have no such folder, and then nothing that asks.
  if (!tree.stat("usr")?.isDirectory() || !tree.stat(programs)?.isDirectory()) return () => {};
  const path = `${programs}/policy-rc.d`;
  if (tree.stat(tree.place(path)) !== undefined) return () => {};
  tree.writeText(path, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  return () => {
    tree.forgetFolders();
    tree.removePath(path);
  };
}

const programs = "usr/sbin";
