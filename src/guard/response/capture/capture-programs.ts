import { hash } from "node:crypto";
import type { CaptureLimits } from "./capture.ts";
import type { CaptureFolder } from "./capture-folder.ts";
import { readPlace, statPlace, usePlace } from "./open-below.ts";
import { readProcLink } from "./read-proc.ts";
import type { Redactor } from "./redact.ts";
import type { CapturedDescriptor } from "./see-descriptors.ts";

/** A program or a deleted file that only /proc still has, and its copy. */
export type CapturedProgram = {
  readonly pid: number;
  /** `exe`, or the descriptor's number. */
  readonly from: "exe" | number;
  readonly path: string;
  readonly size: number;
  /** Name and SHA-256 of the copy; absent where none was made. */
  readonly file?: string;
  readonly sha256?: string;
  readonly isCut?: boolean;
};

export type ProgramsRequest = {
  readonly pids: readonly number[];
  readonly descriptors: readonly CapturedDescriptor[];
  /** The file system of the image: a program of it is in the image. Absent where that is not sure: then all are copied. */
  readonly imageDevice?: bigint;
  readonly secretFiles: ReadonlySet<string>;
};

type Tools = { readonly folder: CaptureFolder; readonly redactor: Redactor; readonly limits: CaptureLimits };

/**
 * Copies what runs and is not of the image, and what is open and was deleted: the program of a memfd is nowhere else. Read through /proc/PID, which leads to the very file, not to what is at its path now.
 * Copies are named by their hash, without a name of the attacker's, and are not executable.
 */
export function capturePrograms(request: ProgramsRequest, tools: Tools): void {
  const sources = [
    ...request.pids.map((pid) => ({ pid, from: "exe" as const, link: `/proc/${pid}/exe` })),
    ...request.descriptors
      .filter(({ isDeletedFile }) => isDeletedFile)
      .map(({ pid, descriptor }) => ({ pid, from: descriptor, link: `/proc/${pid}/fd/${descriptor}` })),
  ];
  const copied = new Map<string, Partial<CapturedProgram>>();
  const programs = sources.flatMap((source) => copyOnce(source, { request, copied }, tools));
  tools.folder.write("programs.json", `${JSON.stringify(programs, null, 1)}\n`);
}

type Source = { readonly pid: number; readonly from: "exe" | number; readonly link: string };
type Copying = { readonly request: ProgramsRequest; readonly copied: Map<string, Partial<CapturedProgram>> };

/** The same file once, however many processes run it. */
function copyOnce({ pid, from, link }: Source, { request, copied }: Copying, tools: Tools): readonly CapturedProgram[] {
  const path = tools.redactor.text(readProcLink(link));
  const found = usePlace(link, (place) => {
    const stats = statPlace(place);
    if (!stats.isFile() || stats.dev === request.imageDevice) return undefined;
    const key = `${stats.dev}:${stats.ino}`;
    const size = Number(stats.size);
    if (request.secretFiles.has(key)) return { size };
    const copy = copied.get(key) ?? copyFile(place, { path, size, number: copied.size }, tools);
    copied.set(key, copy);
    return { size, ...copy };
  });
  return found === undefined ? [] : [{ pid, from, path, ...found }];
}

type Found = { readonly path: string; readonly size: number; readonly number: number };

function copyFile(
  place: number,
  { path, size, number }: Found,
  { folder, redactor, limits }: Tools,
): Partial<CapturedProgram> {
  if (number >= limits.programs) return leaveOut(folder, path, `more than ${limits.programs} programs`);
  if (folder.isLate()) return leaveOut(folder, path, "no time was left");
  const most = Math.min(size, limits.fileBytes, folder.room());
  if (most === 0 && size > 0) return leaveOut(folder, path, "no room was left");
  const raw = readPlace(place, most);
  if (raw === undefined) return leaveOut(folder, path, "it could not be read");
  const isCut = raw.length < size;
  if (isCut) folder.leaveOut(path, `of ${size} bytes the first ${raw.length} were taken`);
  const bytes = redactor.bytes(isCut ? raw.subarray(0, Math.max(0, raw.length - redactor.longest)) : raw);
  const sha256 = hash("sha256", bytes, "hex");
  const file = `programs/${sha256}`;
  if (!folder.files().some(({ name }) => name === file)) {
    folder.take(bytes.length);
    folder.write(file, bytes);
  }
  return { file, sha256, isCut };
}

function leaveOut(folder: CaptureFolder, path: string, why: string): Partial<CapturedProgram> {
  folder.leaveOut(path, why);
  return {};
}
