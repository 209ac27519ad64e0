import { readLines } from "./diversions.ts";
import type { Tree } from "./tree.ts";

/** Owner and mode that the administrator, or a preinst, wants for a path instead of the package's own (dpkg-statoverride(1)). */
export type StatOverrides = ReadonlyMap<string, { readonly uid: number; readonly gid: number; readonly mode: number }>;

/** Reads /var/lib/dpkg/statoverride: `USER GROUP MODE PATH` a line; numbers are written `#0`. */
export function readStatOverrides(tree: Tree): StatOverrides {
  const lines = readLines(tree, "var/lib/dpkg/statoverride");
  if (lines.length === 0) return new Map();
  const users = readIds(tree, "etc/passwd");
  const groups = readIds(tree, "etc/group");
  const parsed = lines.map((line) => /^(\S+) (\S+) ([0-7]+) \/(.*)$/.exec(line)).filter((match) => match !== null);
  return new Map(
    parsed.map(([, user = "", group = "", mode = "", path = ""]) => [
      path,
      { uid: idOf(user, users), gid: idOf(group, groups), mode: Number.parseInt(mode, 8) },
    ]),
  );
}

function readIds(tree: Tree, path: string): ReadonlyMap<string, number> {
  return new Map(readLines(tree, path).map((line) => [line.split(":")[0] ?? "", Number(line.split(":")[2])]));
}

function idOf(name: string, ids: ReadonlyMap<string, number>): number {
  return name.startsWith("#") ? Number(name.slice(1)) : (ids.get(name) ?? 0);
}
