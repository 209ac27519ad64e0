import { createHash } from "node:crypto";
import { closeSync, constants, openSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { makeFolders } from "../../../ground/make-folders.ts";
import type { CapturedFile, CaptureLimits } from "./capture.ts";

/** What is not in a capture, and why. */
export type LeftOut = { readonly what: string; readonly why: string };

/** Where a capture is written: within its limits, and with the hash of everything. */
export type CaptureFolder = {
  readonly write: (name: string, content: Buffer | string) => CapturedFile;
  /** A file that is written in pieces; `close` ends it. */
  readonly open: (name: string) => { readonly write: (piece: Buffer) => void; readonly close: () => CapturedFile };
  readonly leaveOut: (what: string, why: string) => void;
  /** Bytes of contents that may still be taken; `take` counts them. */
  readonly room: () => number;
  readonly take: (bytes: number) => void;
  readonly isLate: () => boolean;
  readonly files: () => readonly CapturedFile[];
  readonly leftOut: () => readonly LeftOut[];
};

/** A million things may be left out: so many are named. */
const mostNamed = 200;

/** `now`: milliseconds. */
export function openCaptureFolder(folder: string, limits: CaptureLimits, now: () => number): CaptureFolder {
  const end = now() + limits.time;
  const files: CapturedFile[] = [];
  const leftOut: LeftOut[] = [];
  let unnamed = 0;
  let taken = 0;
  const open: CaptureFolder["open"] = (name) => {
    const path = join(folder, name);
    makeFolders(dirname(path));
    const file = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
    const hash = createHash("sha256");
    let size = 0;
    return {
      write: (piece) => {
        for (let at = 0; at < piece.length;) at += writeSync(file, piece, at);
        hash.update(piece);
        size += piece.length;
      },
      close: () => {
        closeSync(file);
        const done = { name, size, sha256: hash.digest("hex") };
        files.push(done);
        return done;
      },
    };
  };
  return {
    open,
    write: (name, content) => {
      const file = open(name);
      file.write(typeof content === "string" ? Buffer.from(content) : content);
      return file.close();
    },
    leaveOut: (what, why) => {
      if (leftOut.length < mostNamed) leftOut.push({ what, why });
      else unnamed += 1;
    },
    room: () => Math.max(0, limits.bytes - taken),
    take: (bytes) => {
      taken += bytes;
    },
    isLate: () => now() >= end,
    files: () => files,
    leftOut: () => (unnamed === 0 ? leftOut : [...leftOut, { what: `${unnamed} more`, why: "too many to name" }]),
  };
}
