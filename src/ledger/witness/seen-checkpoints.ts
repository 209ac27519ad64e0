import { hash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "../../ground/atomic-file.ts";
import { IngotError, isErrno } from "../../ground/error.ts";
import { parseCheckpointText } from "../log/checkpoint.ts";
import type { Checkpoint } from "../log/log.ts";
import { checkSignatures, parseNote } from "../log/note.ts";
import type { VerifierKey } from "../log/verifier-key.ts";

/** The latest checkpoint of each log that a witness cosigned. All that it remembers: who loses it cosigns a fork. */
export type SeenCheckpoints = {
  readonly get: (origin: string) => Checkpoint | undefined;
  /** By the name that monitors ask for: SHA-256 of the origin in hexadecimal. */
  readonly getByHash: (originHash: string) => Checkpoint | undefined;
  /** Durable when it returns. */
  readonly set: (seen: Checkpoint) => void;
};

/**
 * Reads what was seen of these logs. Each file is the cosigned note itself, so it shows its own damage. Throws `log-note-malformed` for one that is
 * altered, `log-key-wrong` for one of another witness.
 */
export function openSeenCheckpoints(folder: string, own: VerifierKey, origins: readonly string[]): SeenCheckpoints {
  const seen = new Map<string, Checkpoint>();
  for (const origin of new Set(origins)) {
    const found = readSeen(pathOf(folder, origin), own, origin);
    if (found !== undefined) seen.set(hashOf(origin), found);
  }
  return {
    get: (origin) => seen.get(hashOf(origin)),
    getByHash: (originHash) => seen.get(originHash),
    set: (checkpoint) => {
      writeFileAtomic(pathOf(folder, checkpoint.origin), checkpoint.note);
      seen.set(hashOf(checkpoint.origin), checkpoint);
    },
  };
}

function readSeen(path: string, own: VerifierKey, origin: string): Checkpoint | undefined {
  const text = readIfThere(path);
  if (text === undefined) return undefined;
  const note = parseNote(text, path);
  // Attack: a file put in its place by whoever may write here but has not the key.
  if (checkSignatures(note, [own], path).length === 0) throw notOurs(path, own);
  const checkpoint = parseCheckpointText(note.text, path);
  if (checkpoint.origin !== origin) throw notOurs(path, own);
  return { ...checkpoint, note: text };
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (isErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}

function pathOf(folder: string, origin: string): string {
  // An origin may hold slashes and dots: only its hash becomes a name.
  return join(folder, "seen", `${hashOf(origin)}.checkpoint`);
}

function hashOf(origin: string): string {
  return hash("sha256", origin, "hex");
}

function notOurs(path: string, { name }: VerifierKey): IngotError {
  return new IngotError("log-key-wrong", `${path} is not a checkpoint of its log that ${name} cosigned`, {
    hint: "restore the folder of the witness from a copy; without it, make a witness with a new key and name",
  });
}
