import { closeSync, constants, fstatSync, openSync, readdirSync, readSync } from "node:fs";
import { join } from "node:path";
import { isErrno } from "../../ground/error.ts";
import { maxEntrySize } from "../log/entry-bundle.ts";
import { parseTilePath, tileWidth, widthIn, type TileLevel, type TileName } from "../log/tile-path.ts";
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
  for (const { file, isFile } of filesBelow(folder)) {
    if (!isFile) findings.push({ file, problem: "is no file, but a link, a pipe or the like" });
    if (!isFile || file === "checkpoint") continue;
    const name = parseTilePath(file);
    if (unfinished.has(file)) leftovers.push(file);
    else if (name === undefined) findings.push({ file, problem: "is no file of a log" });
    else if (name.width > widthIn(size, name.level, name.index)) leftovers.push(file);
    else if (name.width < widthIn(size, name.level, name.index)) addTo(former, name);
  }
  return { former, leftovers: leftovers.toSorted(), findings };
}

/** Undefined where there is none. What is no file is none either: a named pipe would never end, and a link leads to what may be another thing tomorrow. */
export function readLogFile(folder: string, path: string): Buffer | undefined {
  let file: number;
  try {
    file = openSync(join(folder, path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "ELOOP", "ENXIO"].some((code) => isErrno(error, code))) return undefined;
    throw error;
  }
  try {
    const stat = fstatSync(file);
    return stat.isFile() ? readStart(file, stat.size) : undefined;
  } finally {
    closeSync(file);
  }
}

/** One more byte than any file of a log has, so that a longer one is seen to be: an auditor is not to be kept from a log by the size of a file in it. */
function readStart(file: number, size: number): Buffer {
  const bytes = Buffer.alloc(Math.min(size, tileWidth * (2 + maxEntrySize) + 1));
  let read = 0;
  for (let got = -1; got !== 0 && read < bytes.length; read += got)
    got = readSync(file, bytes, read, bytes.length - read, read);
  return bytes.subarray(0, read);
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

function filesBelow(folder: string): readonly { readonly file: string; readonly isFile: boolean }[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => ({
      file: join(entry.parentPath, entry.name).slice(join(folder, "/").length),
      isFile: entry.isFile(),
    }));
}
