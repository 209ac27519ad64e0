import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "../ground/atomic-file.ts";
import { isErrno } from "../ground/error.ts";
import type { WrittenProject } from "./schema.ts";

/**
 * What the text at `path` parsed to when it was last read, or undefined. One file a project; its first line is the hash of the text, of
 * the program that read it and of the rest of the file, so that another text, another release and a damaged file all count as unknown.
 */
export function readParsed(home: string, path: string, bytes: Buffer): WrittenProject | undefined {
  const content = readIfThere(cachePath(home, path));
  const newline = content?.indexOf("\n") ?? -1;
  if (content === undefined || newline < 0) return undefined;
  const body = content.slice(newline + 1);
  return content.slice(0, newline) === sealOf(bytes, body) ? (JSON.parse(body) as WrittenProject) : undefined;
}

/** Keeps what a text parsed to. */
export function writeParsed(
  home: string,
  path: string,
  { bytes, written }: { bytes: Buffer; written: WrittenProject },
): void {
  const body = JSON.stringify(written);
  try {
    writeFileAtomic(cachePath(home, path), `${sealOf(bytes, body)}\n${body}`, { durable: false, mode: 0o600 });
  } catch (error) {
    // A home that cannot be written only makes the next start slower; whatever must be written there reports it.
    if (!["EACCES", "EPERM", "EROFS", "ENOSPC", "ENOTDIR", "EEXIST"].some((name) => isErrno(error, name))) throw error;
  }
}

function cachePath(home: string, path: string): string {
  return join(home, "cache/definitions", `${createHash("sha256").update(path).digest("hex").slice(0, 32)}.json`);
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "EACCES", "EISDIR"].some((name) => isErrno(error, name))) return undefined;
    throw error;
  }
}

function sealOf(bytes: Buffer, body: string): string {
  return createHash("sha256").update(programState()).update("\0").update(bytes).update("\0").update(body).digest("hex");
}

/** Changes with every file of this room: a text must not stay valid, or keep its old meaning, when the rules have changed. */
function programState(): string {
  const folders = [import.meta.dirname, join(import.meta.dirname, "meaning")];
  const files = folders.flatMap((folder) =>
    readdirSync(folder)
      .toSorted()
      .map((name) => join(folder, name)),
  );
  return files.map((file) => `${file} ${statSync(file).mtimeMs}`).join("\n");
}
