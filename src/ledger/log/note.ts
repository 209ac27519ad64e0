import { sign, verify, type KeyObject } from "node:crypto";
import { IngotError } from "../../ground/error.ts";
import { signatureType, type VerifierKey } from "./verifier-key.ts";

/** One signature line of a note. `bytes`: what follows the four bytes of the key's id. */
export type NoteSignature = { readonly name: string; readonly id: Buffer; readonly bytes: Buffer };

/** A note as C2SP signed-note has it, before any signature is checked. `text` ends with a newline. */
export type Note = { readonly text: string; readonly signatures: readonly NoteSignature[] };

/** Reads a note. Throws `log-note-malformed`; `from` names its place. */
export function parseNote(note: string | Uint8Array, from: string): Note {
  const whole = decode(note, from);
  // The text may hold empty lines: the last one ends it.
  const end = whole.lastIndexOf("\n\n");
  if (end < 0 || !whole.endsWith("\n")) throw malformed(from, "it has no signatures behind an empty line");
  const lines = whole.slice(end + 2, -1).split("\n");
  if (lines.length > maxSignatures) throw malformed(from, `it has more than ${maxSignatures} signatures`);
  return { text: whole.slice(0, end + 1), signatures: lines.map((line) => parseSignature(line, from)) };
}

/** The signature line of a key, with its newline. */
export function formatSignature({ name, id, bytes }: NoteSignature): string {
  return `— ${name} ${Buffer.concat([id, bytes]).toString("base64")}\n`;
}

/** The text with the signature of an Ed25519 key. */
export function signNote(
  text: string,
  key: { readonly name: string; readonly id: Buffer; readonly secret: KeyObject },
): string {
  return `${text}\n${formatSignature({ ...key, bytes: sign(null, Buffer.from(text), key.secret) })}`;
}

/**
 * Which of the keys signed the note. Signatures of other keys say nothing and are passed over, as the standard demands; one of a key that is known must be good and
 * alone, or the note counts for nothing. Throws `log-note-malformed`.
 */
export function checkSignatures(note: Note, keys: readonly VerifierKey[], from: string): readonly VerifierKey[] {
  return keys.filter((key) => {
    const own = note.signatures.filter(({ name, id }) => name === key.name && id.equals(key.id));
    if (own.length > 1) throw malformed(from, `it has ${own.length} signatures of ${key.name}`);
    const [signature] = own;
    if (signature === undefined) return false;
    if (!isGood(note.text, signature, key)) throw malformed(from, `its signature of ${key.name} does not fit its text`);
    return true;
  });
}

/** At most this many; the standard asks for 16 or more. */
export const maxSignatures = 64;

/** What a cosigner signs: when it saw the checkpoint, and its text (C2SP tlog-cosignature, "Ed25519 signed message"). */
export function cosignedMessage(text: string, timestamp: bigint): Buffer {
  return Buffer.from(`cosignature/v1\ntime ${timestamp}\n${text}`);
}

function isGood(text: string, { bytes }: NoteSignature, { type, key }: VerifierKey): boolean {
  if (type === signatureType.ed25519) return verify(null, Buffer.from(text), key, bytes);
  if (bytes.length !== 8 + 64) return false;
  const timestamp = bytes.readBigUInt64BE();
  return timestamp < 1n << 63n && verify(null, cosignedMessage(text, timestamp), key, bytes.subarray(8));
}

function parseSignature(line: string, from: string): NoteSignature {
  const [, name, encoded = ""] = /^— ([^\s+\u0085\u180e]+) ([A-Za-z0-9+/]+={0,2})$/u.exec(line) ?? [];
  const bytes = Buffer.from(encoded, "base64");
  if (name === undefined || bytes.length < 5 || bytes.toString("base64") !== encoded)
    throw malformed(from, `the line ${JSON.stringify(line.slice(0, 80))} is no signature`);
  return { name, id: bytes.subarray(0, 4), bytes: bytes.subarray(4) };
}

function decode(note: string | Uint8Array, from: string): string {
  if (note.length > maxNoteSize) throw malformed(from, `it has more than ${maxNoteSize} bytes`);
  let text: string;
  try {
    text = typeof note === "string" ? note : new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(note);
  } catch (cause) {
    throw malformed(from, "it is not UTF-8", cause);
  }
  // The standard names those below U+0020 but the newline.
  // oxlint-disable-next-line no-control-regex
  if (!text.isWellFormed() || /[\u0000-\u0009\u000b-\u001f]/.test(text))
    throw malformed(from, "it holds a control character");
  return text;
}

const maxNoteSize = 64 * 1024;

function malformed(from: string, why: string, cause?: unknown): IngotError {
  return new IngotError("log-note-malformed", `${from} is not a signed note that counts: ${why}`, {
    hint: "it was altered or cut off: compare it with a copy",
    cause,
  });
}
