import { createReadStream, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Context } from "../../ground/context.ts";
import { IngotError, isErrno } from "../../ground/error.ts";
import { malformed, tooLarge } from "./feed-error.ts";
import type { FeedLimits } from "./feed.ts";
import type { Receiver } from "./receiver.ts";
import { parsePiece } from "./read-piece.ts";

/**
 * Takes a feed from a file, or OSV records from a folder: its `.json` files become one file of a record a line, in the order of their names. Links are not followed. Returns when it was changed last (ISO 8601).
 * Throws `feed-missing`, `feed-too-large`, `feed-malformed`.
 */
export async function readLocal(ctx: Context, path: string, receiver: Receiver, limits: FeedLimits): Promise<string> {
  const found = statOf(path);
  if (found.isDirectory()) readFolder(path, receiver, limits);
  else if (!found.isFile()) throw new IngotError("feed-missing", `${path} is neither a file nor a folder`);
  else await readFile(ctx, path, receiver, limits);
  return found.mtime.toISOString();
}

function statOf(path: string): ReturnType<typeof statSync> & object {
  try {
    return statSync(path);
  } catch (error) {
    if (!isErrno(error, "ENOENT") && !isErrno(error, "ENOTDIR")) throw error;
    throw new IngotError("feed-missing", `there is no file or folder ${path}`, { hint: "check the path" });
  }
}

async function readFile(ctx: Context, path: string, receiver: Receiver, limits: FeedLimits): Promise<void> {
  // Before a byte of it is copied: two gigabytes are not written only to be refused.
  if (statSync(path).size > limits.received) throw tooLarge(path, limits.received);
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20, signal: ctx.signal })) {
      receiver.write(chunk as Buffer);
    }
  } catch (error) {
    if (!ctx.signal.aborted) throw error;
    throw new IngotError("cancelled", "the reading was stopped", { cause: error });
  }
}

function readFolder(path: string, receiver: Receiver, limits: FeedLimits): void {
  let files = 0;
  for (const file of jsonFiles(path, 0)) {
    if (++files > limits.files) throw malformed(`the folder has more than the ${limits.files} files that Ingot takes`);
    if (statSync(file).size > limits.record) throw tooLarge(file, limits.record);
    receiver.write(Buffer.from(`${JSON.stringify(parsePiece(readFileSync(file), file))}\n`));
  }
  if (files === 0) throw malformed("the folder has no .json file", path);
}

const deepest = 8;

function* jsonFiles(folder: string, depth: number): Generator<string, void, undefined> {
  if (depth > deepest) throw malformed(`its folders are more than ${deepest} deep`, folder);
  const entries = readdirSync(folder, { withFileTypes: true }).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* jsonFiles(path, depth + 1);
    else if (entry.isFile() && entry.name.endsWith(".json")) yield path;
  }
}
