import { fstatSync, readSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { closeLog, openLog, type LogFile } from "./log-files.ts";

export type ReadLogOptions = {
  /** The last so many lines. */
  readonly tail?: number;
  /** Whether more may come; asked when all is read. Absent: what is there now is all. */
  readonly isOpen?: () => boolean;
  readonly signal?: AbortSignal;
};

const block = 64 * 1024;
/** Milliseconds between two looks for more. */
const pause = 100;

/** Where a reader is: in which of the files it has open, and at which byte of it. */
type Cursor = { files: readonly LogFile[]; index: number; position: number };

/** What an instance printed, in pieces, from a log that turns to new files meanwhile: each byte once. A reader so slow that a file is dropped unread goes on with the oldest that is left. */
export async function* readLog(log: string, options: ReadLogOptions = {}): AsyncGenerator<Uint8Array> {
  const cursor: Cursor = { files: openLog(log), index: 0, position: 0 };
  try {
    if (options.tail !== undefined) seekTail(cursor, options.tail);
    // The last look comes after the end: what was printed last may still have been on its way to the file.
    for (let isLast = options.isOpen === undefined; !isAborted(options);) {
      yield* readOn(cursor);
      if (isLast) return;
      isLast = options.isOpen?.() !== true;
      await sleep(pause, undefined, options.signal === undefined ? {} : { signal: options.signal }).catch(() => {});
      openAgain(cursor, log);
    }
  } finally {
    closeLog(cursor.files);
  }
}

/** The last bytes, at most `most`, as text. */
export function readLogEnd(log: string, most: number): string {
  const files = openLog(log);
  try {
    let end = Buffer.alloc(0);
    for (const file of files.toReversed()) {
      const missing = most - end.length;
      const start = Math.max(0, fstatSync(file.file).size - missing);
      if (missing > 0) end = Buffer.concat([readAt(file, start, missing), end]);
    }
    return end.toString("utf8");
  } finally {
    closeLog(files);
  }
}

function isAborted({ signal }: ReadLogOptions): boolean {
  return signal?.aborted === true;
}

function* readOn(cursor: Cursor): Generator<Uint8Array> {
  for (;;) {
    const file = cursor.files[cursor.index];
    const piece = file === undefined ? empty : readAt(file, cursor.position);
    if (piece.length > 0) {
      cursor.position += piece.length;
      yield piece;
      continue;
    }
    // The newest one stays where it is: more may come.
    if (cursor.index >= cursor.files.length - 1) return;
    cursor.index += 1;
    cursor.position = 0;
  }
}

const empty = Buffer.alloc(0);

/** After a turn the file that was read last is one of the older ones. It is found by its inode, which cannot be another's while it is open. */
function openAgain(cursor: Cursor, log: string): void {
  const files = openLog(log);
  // The instance was removed, its log with it: what is open can still be read.
  if (files.length === 0) return;
  const current = cursor.files[cursor.index]?.inode;
  const index = files.findIndex(({ inode }) => inode === current);
  closeLog(cursor.files);
  cursor.files = files;
  if (index >= 0) cursor.index = index;
  else [cursor.index, cursor.position] = [0, 0];
}

/** Goes to where the last `lines` lines begin. A last line that has no end yet counts as one. */
function seekTail(cursor: Cursor, lines: number): void {
  const last = cursor.files.length - 1;
  const sizes = cursor.files.map(({ file }) => fstatSync(file).size);
  if (lines <= 0) return void Object.assign(cursor, { index: Math.max(last, 0), position: sizes[last] ?? 0 });
  let breaks = lines;
  // The break that ends the last line is part of it.
  let isEnd = true;
  for (let index = last; index >= 0; index -= 1) {
    for (let end = sizes[index] ?? 0; end > 0; end = Math.max(0, end - block)) {
      const start = Math.max(0, end - block);
      const piece = readAt(cursor.files[index] as LogFile, start, end - start);
      for (let at = piece.length - 1; at >= 0; at -= 1) {
        if (piece[at] === lineBreak && !isEnd) breaks -= 1;
        isEnd = false;
        if (breaks === 0) return void Object.assign(cursor, { index, position: start + at + 1 });
      }
    }
  }
}

const lineBreak = 0x0a;

function readAt({ file }: LogFile, position: number, length = block): Buffer {
  const buffer = Buffer.alloc(length);
  return buffer.subarray(0, readSync(file, buffer, { position, length }));
}
