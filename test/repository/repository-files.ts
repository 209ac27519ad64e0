import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const root = join(import.meta.dirname, "../..");

/** Every file of the repository, relative to its root, sorted; nothing that set-up, a build or an editor put there. */
export function listFiles(folder = ""): readonly string[] {
  const notOurs = new Set([".git", "node_modules", "dist"]);
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => !notOurs.has(entry.name) && !entry.name.endsWith(".tmp"))
    .flatMap((entry) => {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      return entry.isDirectory() ? listFiles(path) : [path];
    })
    .toSorted();
}

export function readText(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

/** Files that only tests load: they may import anything and count as no use of anything. */
export function isTestFile(path: string): boolean {
  return /\.(test|fixture)\.ts$/.test(path) || path.startsWith("test/") || path.startsWith("bench/");
}
