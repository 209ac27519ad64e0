import type { TarEntry } from "./entry.ts";

/** Plain order of the UTF-8 bytes of two paths; a folder comes before what it holds. */
export function compareTarPaths(a: string, b: string): number {
  if (a === b) return 0;
  // UTF-16 order is UTF-8 order but for surrogate pairs.
  if (surrogate.test(a) || surrogate.test(b)) return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : 1;
}

const surrogate = /[\ud800-\udfff]/;

/**
 * Entries in the order of their paths. Of the names of one file the first in order becomes the file and the others hard links to it, whichever
 * was the link before: so a link always comes after its target, and the order on the casting machine's disk does not show.
 */
export function sortEntries(entries: Iterable<TarEntry>): TarEntry[] {
  const sorted = [...entries].toSorted((a, b) => compareTarPaths(a.path, b.path));
  const firstNames = firstNamesOf(sorted);
  if (firstNames.size === 0) return sorted;
  const byPath = new Map(sorted.map((entry) => [entry.path, entry]));
  return sorted.map((entry) => rename(entry, firstNames, byPath));
}

/** For every file with hard links inside these entries: its path → the first of its names. */
function firstNamesOf(sorted: readonly TarEntry[]): Map<string, string> {
  const files = new Set(sorted.filter((entry) => entry.type === "file").map((entry) => entry.path));
  const firstNames = new Map<string, string>();
  for (const { type, path, linkname } of sorted) {
    if (type !== "hardlink" || !files.has(linkname) || firstNames.has(linkname)) continue;
    firstNames.set(linkname, compareTarPaths(path, linkname) < 0 ? path : linkname);
  }
  return firstNames;
}

function rename(
  entry: TarEntry,
  firstNames: ReadonlyMap<string, string>,
  byPath: ReadonlyMap<string, TarEntry>,
): TarEntry {
  const target = entry.type === "hardlink" ? entry.linkname : entry.path;
  const first = firstNames.get(target);
  const file = byPath.get(target);
  if (first === undefined || file === undefined) return entry;
  if (entry.path === first) return { ...file, path: first };
  return { ...file, path: entry.path, type: "hardlink", linkname: first, size: 0, content: Buffer.alloc(0) };
}
