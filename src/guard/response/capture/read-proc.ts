import { closeSync, openSync, readdirSync, readlinkSync, readSync } from "node:fs";
import { isErrno } from "../../../ground/error.ts";

/** What is at a path of /proc, at most so many bytes of it; empty for a process that has ended, or where the kernel refuses. */
export function readProc(path: string, most: number): Buffer {
  const file = unlessRefused(() => openSync(path, "r"));
  if (file === undefined) return Buffer.alloc(0);
  try {
    const buffer = Buffer.alloc(most);
    let size = 0;
    // The kernel gives such a file in pieces of a page or less.
    for (let read = 1; read > 0 && size < most;) {
      read = unlessRefused(() => readSync(file, buffer, size, most - size, null)) ?? 0;
      size += read;
    }
    return buffer.subarray(0, size);
  } finally {
    closeSync(file);
  }
}

/** Where a link of /proc leads, as the kernel says it; "" where it says nothing. */
export function readProcLink(path: string): string {
  return unlessRefused(() => readlinkSync(path)) ?? "";
}

export function listProc(path: string): readonly string[] {
  return unlessRefused(() => readdirSync(path)) ?? [];
}

/** Undefined for what has ended or gone meanwhile, and what not even root may look at. */
export function unlessRefused<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    const refusals = [
      "ENOENT",
      "ESRCH",
      "EACCES",
      "EPERM",
      "EIO",
      "EINVAL",
      "ENXIO",
      "ELOOP",
      "ENOTDIR",
      "ENAMETOOLONG",
    ];
    if (refusals.some((code) => isErrno(error, code))) return undefined;
    throw error;
  }
}

/** The words of `cmdline` and `environ`: each ends with NUL. What is no UTF-8 is replaced; a JSON file has no other text. */
export function splitWords(content: Buffer): readonly string[] {
  const text = content.toString("utf8");
  if (text === "") return [];
  return (text.endsWith("\0") ? text.slice(0, -1) : text).split("\0");
}
