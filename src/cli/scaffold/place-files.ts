import { linkSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { syncFolder, writeFileAtomic } from "../../ground/atomic-file.ts";
import type { TemplateFile } from "./template.ts";

/** The file that makes a folder a project. */
const last = "ingot.yaml";

/**
 * Puts all files into `folder`, or none: they are written aside and then linked to their names, which fails where a name has been taken
 * meanwhile. `ingot.yaml` comes last, so that after a crash at any moment there is a whole project or none.
 */
export function placeFiles(folder: string, files: readonly TemplateFile[]): void {
  mkdirSync(folder, { recursive: true });
  const staging = mkdtempSync(join(folder, ".ingot-init-"));
  const placed: string[] = [];
  try {
    for (const file of files) writeFileAtomic(join(staging, file.path), file.content, { durable: false });
    for (const file of files.toSorted((a, b) => Number(a.path === last) - Number(b.path === last))) {
      const target = join(folder, file.path);
      mkdirSync(dirname(target), { recursive: true });
      linkSync(join(staging, file.path), target);
      placed.push(target);
    }
    syncFolder(folder);
  } catch (error) {
    for (const path of placed) rmSync(path, { force: true });
    throw error;
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}
