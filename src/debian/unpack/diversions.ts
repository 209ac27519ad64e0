import { readFileSync } from "node:fs";
import type { Tree } from "./tree.ts";

/** From path → where the file of every package but `package` goes instead (dpkg-divert(1)). Paths without a leading slash. */
export type Diversions = ReadonlyMap<string, { readonly to: string; readonly package: string }>;

/** Reads /var/lib/dpkg/diversions: three lines each (from, to, package; `:` for the administrator's own). */
export function readDiversions(tree: Tree): Diversions {
  const lines = readLines(tree, "var/lib/dpkg/diversions");
  const diversions = new Map<string, { to: string; package: string }>();
  for (let at = 0; at + 2 < lines.length; at += 3) {
    const [from = "", to = "", owner = ""] = lines.slice(at, at + 3);
    diversions.set(from.slice(1), { to: to.slice(1), package: owner });
  }
  return diversions;
}

export function divertedPath(path: string, owner: string, diversions: Diversions): string {
  const diversion = diversions.get(path);
  return diversion === undefined || diversion.package === owner ? path : diversion.to;
}

/** The lines of a file of the tree; none where it is missing. */
export function readLines(tree: Tree, path: string): readonly string[] {
  const real = tree.place(path);
  if (!tree.stat(real)?.isFile()) return [];
  return readFileSync(tree.host(real), "utf8").split("\n").slice(0, -1);
}
