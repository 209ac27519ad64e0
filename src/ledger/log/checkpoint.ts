import { IngotError } from "../../ground/error.ts";
import type { Checkpoint, LogKey } from "./log.ts";
import { verifierKey } from "./log-key.ts";
import { emptyRoot, hashSize } from "./merkle.ts";
import { checkSignatures, parseNote, signNote } from "./note.ts";
import { parseVerifierKey, type VerifierKey } from "./verifier-key.ts";
import type { TreeHead } from "./verify-proof.ts";

/** The text of a checkpoint: origin, size, root, each on its line (C2SP tlog-checkpoint, "Note text"). */
export function formatCheckpoint(origin: string, { size, root }: TreeHead): string {
  return `${origin}\n${size}\n${Buffer.from(root).toString("base64")}\n`;
}

/** A checkpoint signed by the log's key. */
export function signCheckpoint(key: LogKey, { size, root }: TreeHead): Checkpoint {
  const { id } = parseVerifierKey(verifierKey(key), key.name);
  const note = signNote(formatCheckpoint(key.name, { size, root }), { ...key, id });
  return { origin: key.name, size, root: Buffer.from(root), note };
}

/**
 * A checkpoint that the log's key signed. Throws `log-key-wrong` where it is not signed by that key, `log-note-malformed` where it is not a checkpoint or the signature is not
 * good; `from` names its place.
 */
export function readCheckpoint(note: string | Uint8Array, log: VerifierKey, from: string): Checkpoint {
  const parsed = parseNote(note, from);
  if (checkSignatures(parsed, [log], from).length === 0) {
    throw new IngotError("log-key-wrong", `${from} is not signed by ${log.name}, key ${log.id.toString("hex")}`, {
      hint: "check the log with the public key that it was started with",
    });
  }
  const checkpoint = parseCheckpointText(parsed.text, from);
  // The name in the signature is not signed; the origin is.
  if (checkpoint.origin !== log.name) throw malformed(from, `it is of the log ${checkpoint.origin}, not ${log.name}`);
  return { ...checkpoint, note: typeof note === "string" ? note : Buffer.from(note).toString() };
}

/** Origin, size and root of a checkpoint's text, whoever signed it. Throws `log-note-malformed`. */
export function parseCheckpointText(text: string, from: string): Omit<Checkpoint, "note"> {
  const [origin = "", size = "", encoded = "", ...rest] = text.split("\n");
  const root = Buffer.from(encoded, "base64");
  // Other logs may add lines, which are not empty; the last newline ends the text.
  if (origin === "" || rest.length === 0 || rest.indexOf("") !== rest.length - 1)
    throw malformed(from, "expected origin, size and root, each on a line");
  if (!/^(0|[1-9][0-9]{0,15})$/.test(size) || !Number.isSafeInteger(Number(size)))
    throw malformed(from, `${JSON.stringify(size.slice(0, 40))} is no size of a tree`);
  if (root.length !== hashSize || root.toString("base64") !== encoded) throw malformed(from, "its root is no hash");
  if (size === "0" && !root.equals(emptyRoot)) throw malformed(from, "its root is not that of an empty tree");
  return { origin, size: Number(size), root };
}

function malformed(from: string, why: string): IngotError {
  return new IngotError("log-note-malformed", `${from} is not a checkpoint: ${why}`, {
    hint: "it was altered or cut off: compare it with a copy",
  });
}
