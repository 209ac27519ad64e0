import { fstatSync, type Stats } from "node:fs";
import { textFinder } from "../../ground/text-finder.ts";
import { idRangeSize } from "../profile/settings.ts";
import { readPiece, useContent, useInside } from "./open-inside.ts";

/** A file as an instance sees it. */
export type SeenFile = {
  readonly type: "file" | "folder" | "other";
  /** Permission bits with setuid, setgid and sticky. */
  readonly mode: number;
  /** Ids of the instance; 65534, nobody, for what belongs to nobody in it. */
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
};

export type SeenContent = SeenFile & {
  /** Whether the text that was looked for is in it; true without one. */
  readonly isFound: boolean;
  /** Only the beginning was looked at. */
  readonly isCut: boolean;
};

export type LivingProcess = { readonly pid: number; readonly firstId: number };

const overflowId = 65_534;
const block = 1024 * 1024;
/** Bytes of a file that are looked at: what a program writes to a tmpfs has no end while it writes. */
const mostRead = 256 * block;

/** What is at a path, links followed inside of the instance; undefined when nothing is. */
export function seeFile(of: LivingProcess, path: string, find?: string): SeenContent | undefined {
  return useInside(`/proc/${of.pid}/root`, path, (place) => {
    const seen = describe(fstatSync(place), of.firstId);
    if (find === undefined || seen.type !== "file") return { ...seen, isFound: find === undefined, isCut: false };
    return { ...seen, ...(useContent(place, (file) => search(file, find)) ?? unread) };
  });
}

/** A text file of at most a megabyte, such as /etc/passwd; undefined when there is none. */
export function readSmallFile(of: LivingProcess, path: string): string | undefined {
  return useInside(`/proc/${of.pid}/root`, path, (place) => {
    if (!fstatSync(place).isFile()) return undefined;
    const buffer = Buffer.alloc(block);
    return useContent(place, (file) => buffer.toString("utf8", 0, readPiece(file, buffer)));
  });
}

function describe(stats: Stats, firstId: number): SeenFile {
  const idOf = (id: number): number => (id >= firstId && id < firstId + idRangeSize ? id - firstId : overflowId);
  return {
    type: typeOf(stats),
    mode: stats.mode & 0o7777,
    uid: idOf(stats.uid),
    gid: idOf(stats.gid),
    size: stats.size,
  };
}

function typeOf(stats: Stats): SeenFile["type"] {
  if (stats.isFile()) return "file";
  return stats.isDirectory() ? "folder" : "other";
}

const unread = { isFound: false, isCut: false } as const;

function search(file: number, find: string): { isFound: boolean; isCut: boolean } {
  const finder = textFinder(find);
  const buffer = Buffer.alloc(block);
  for (let total = 0; total < mostRead && !finder.isFound();) {
    const read = readPiece(file, buffer);
    if (read === 0) return { isFound: finder.isFound(), isCut: false };
    finder.add(buffer.subarray(0, read));
    total += read;
  }
  return { isFound: finder.isFound(), isCut: !finder.isFound() };
}
