import { mkdirSync, symlinkSync } from "node:fs";
import type { Tree } from "./tree.ts";

/** Top folders that are links into /usr since Debian 12 (usrmerge; Debian's own `debootstrap` makes the same on amd64). */
const links = ["bin", "sbin", "lib", "lib32", "lib64", "libx32"];

/** Makes an empty root ready for the first package: the links must be there before anything is unpacked below them, or they would become folders. */
export function prepareRoot(tree: Tree): void {
  mkdirSync(tree.host("usr"), 0o755);
  for (const name of links) {
    mkdirSync(tree.host(`usr/${name}`), 0o755);
    symlinkSync(`usr/${name}`, tree.host(name));
  }
  for (const path of ["var", "var/lib", "var/lib/dpkg", ...databaseFolders]) mkdirSync(tree.host(path), 0o755);
  tree.writeText("var/lib/dpkg/status", "");
  tree.writeText("var/lib/dpkg/info/format", "1\n");
}

const databaseFolders = ["alternatives", "info", "parts", "triggers", "updates"].map((name) => `var/lib/dpkg/${name}`);
