import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isErrno } from "../../ground/error.ts";
import { parseTilePath, widthIn, type TileLevel, type TileName } from "../log/tile-path.ts";
import type { LogFinding } from "./finding.ts";

/** What lies in a log's folder, held against a size. */
export type LogFiles = {
  /** Widths of the partial tiles that are narrower than the tree says: former ones, by `LEVEL/INDEX`. */
  readonly former: ReadonlyMap<string, readonly number[]>;
  readonly leftovers: readonly string[];
  /** Files that no log has. */
  readonly findings: readonly LogFinding[];
};

export function listLogFiles(folder: string, size: number): LogFiles {
  const former = new Map<string, number[]>();
  const leftovers: string[] = [];
  const findings: LogFinding[] = [];
  for (const file of filesBelow(folder)) {
    if (file === "checkpoint") continue;
    const name = parseTilePath(file);
    if (unfinished.has(file)) leftovers.push(file);
    else if (name === undefined) findings.push({ file, problem: "is no file of a log" });
    else if (name.width > widthIn(size, name.level, name.index)) leftovers.push(file);
    else if (name.width < widthIn(size, name.level, name.index)) addTo(former, name);
  }
  return { former, leftovers: leftovers.toSorted(), findings };
}

/** Undefined where there is none. */
export function readLogFile(folder: string, path: string): Buffer | undefined {
  try {
    return readFileSync(join(folder, path));
  } catch (error) {
    if (isErrno(error, "ENOENT") || isErrno(error, "EISDIR") || isErrno(error, "ENOTDIR")) return undefined;
    throw error;
  }
}

export function tileKey(level: TileLevel, index: number): string {
  return `${level}/${index}`;
}

/** Written beside its place, before it is published. */
const unfinished: ReadonlySet<string> = new Set(["checkpoint.new", "checkpoint.pending", "checkpoint.pending.new"]);

function addTo(former: Map<string, number[]>, { level, index, width }: TileName): void {
  const key = tileKey(level, index);
  former.set(key, [...(former.get(key) ?? []), width]);
}

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(folder, "/").length));
}
