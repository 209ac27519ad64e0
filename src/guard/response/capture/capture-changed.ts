import { hash } from "node:crypto";
import { paddingOf } from "../../../oci/tar/fields.ts";
import { tarEnd, tarHeaderBlocks } from "../../../oci/tar/write.ts";
import { useInside } from "../../../runtime/look/open-inside.ts";
import type { CaptureLimits } from "./capture.ts";
import type { CaptureFolder } from "./capture-folder.ts";
import { listChanged, pathOf, showName, type ChangedEntry } from "./list-changed.ts";
import { readPlace, statPlace, useBelow } from "./open-below.ts";
import type { Redactor } from "./redact.ts";

export type ChangedRequest = {
  readonly pid: number;
  readonly firstId: number;
  readonly secrets: readonly string[];
  /** Files of secrets, as `device:inode`: a second name of one is as secret. */
  readonly secretFiles: ReadonlySet<string>;
  /** What the drift is about: it is taken first. */
  readonly subject?: string;
};

type Tools = { readonly folder: CaptureFolder; readonly redactor: Redactor; readonly limits: CaptureLimits };

/**
 * Writes `changed.json`, all that is in the instance's memory file systems, and `changed.tar`, the contents of the files. The archive holds plain files and nothing else, none of them executable, owned
 * by nobody in particular: an auditor unpacks what an attacker left. What was changed last is taken first, by a time that the instance cannot set.
 */
export function captureChanged(request: ChangedRequest, tools: Tools): void {
  const { folder, limits } = tools;
  const entries = listChanged(request, folder);
  const chosen = entries.toSorted((a, b) => rank(b, request) - rank(a, request)).slice(0, limits.entries);
  if (chosen.length < entries.length)
    folder.leaveOut(`${entries.length - chosen.length} entries of memory file systems`, `more than ${limits.entries}`);
  const archive = folder.open("changed.tar");
  const described = chosen.map((entry) => {
    const content = entry.type === "file" ? readFile(request, entry, tools) : undefined;
    if (content !== undefined) addFile(archive, tools.redactor.text(pathOf(entry)), entry, content.bytes);
    return describe(entry, request, tools.redactor, content);
  });
  archive.write(tarEnd);
  archive.close();
  folder.write("changed.json", `${JSON.stringify(described, null, 1)}\n`);
}

function rank(entry: ChangedEntry, { subject }: ChangedRequest): number {
  return pathOf(entry) === subject ? Infinity : entry.changed;
}

type Content = {
  readonly bytes: Buffer;
  readonly sha256: string;
  readonly isCut: boolean;
  readonly isRedacted: boolean;
};

/** The beginning of a file, as far as there is room; undefined where nothing of it is taken, which is said. */
function readFile(
  { pid, secretFiles }: ChangedRequest,
  entry: ChangedEntry,
  { folder, redactor, limits }: Tools,
): Content | undefined {
  const path = pathOf(entry);
  const leaveOut = (why: string): undefined => {
    folder.leaveOut(path, why);
  };
  if (secretFiles.has(`${entry.device}:${entry.inode}`)) return leaveOut("a secret by another name");
  if (folder.isLate()) return leaveOut("no time was left");
  const room = Math.min(limits.fileBytes, folder.room(), sparseRoom(entry));
  if (room === 0 && entry.size > 0) return leaveOut("no room was left");
  const raw = useInside(`/proc/${pid}/root`, entry.mount, (mount) =>
    useBelow(mount, entry.names, (place) => {
      // Another one by now: what it is was never asked.
      const { dev, ino } = statPlace(place);
      if (dev !== entry.device || ino !== entry.inode) return undefined;
      return readPlace(place, Math.min(entry.size, room));
    }),
  );
  if (raw === undefined) return leaveOut("it was gone, or could not be read");
  const isCut = raw.length < entry.size;
  if (isCut) leaveOut(`of ${entry.size} bytes the first ${raw.length} were taken`);
  // The beginning of a secret may stand at the end of what was cut.
  const kept = isCut ? raw.subarray(0, Math.max(0, raw.length - redactor.longest)) : raw;
  const bytes = redactor.bytes(kept);
  folder.take(bytes.length);
  return { bytes, sha256: hash("sha256", bytes, "hex"), isCut, isRedacted: bytes !== kept };
}

/** Attack: a terabyte of nothing. Of a file that is mostly holes a megabyte shows what it is. */
function sparseRoom({ size, allocated }: ChangedEntry): number {
  return size > 1 << 20 && allocated < size / 2 ? 1 << 20 : Infinity;
}

function addFile(
  archive: ReturnType<CaptureFolder["open"]>,
  path: string,
  { modified }: ChangedEntry,
  content: Buffer,
): void {
  archive.write(
    tarHeaderBlocks({
      path: path.replace(/^\/+/, ""),
      type: "file",
      mode: 0o600,
      uid: 0,
      gid: 0,
      mtime: Math.max(0, Math.floor(modified / 1000)),
      size: content.length,
      linkname: "",
      xattrs: new Map(),
    }),
  );
  archive.write(content);
  archive.write(Buffer.alloc(paddingOf(content.length)));
}

/** For people and programs: as the instance sees it, in text. */
function describe(
  entry: ChangedEntry,
  { firstId }: ChangedRequest,
  redactor: Redactor,
  content: Content | undefined,
): object {
  const { type, uid, gid, size, allocated, links, modified, changed, target } = entry;
  return {
    path: redactor.text(pathOf(entry)),
    type,
    mode: `0${entry.mode.toString(8)}`,
    uid: uid - firstId,
    gid: gid - firstId,
    size,
    allocated,
    links,
    modified,
    changed,
    ...(target === undefined ? {} : { target: redactor.text(showName(target)) }),
    ...(content === undefined
      ? {}
      : {
          sha256: content.sha256,
          isCut: content.isCut,
          isRedacted: content.isRedacted,
          captured: content.bytes.length,
        }),
  };
}
