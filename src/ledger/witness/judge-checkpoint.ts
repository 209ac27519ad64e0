import { IngotError } from "../../ground/error.ts";
import { parseCheckpointText } from "../log/checkpoint.ts";
import type { Checkpoint } from "../log/log.ts";
import { checkSignatures, formatSignature, parseNote, type Note } from "../log/note.ts";
import type { VerifierKey } from "../log/verifier-key.ts";
import { verifyConsistency, type TreeHead } from "../log/verify-proof.ts";
import { parseAddCheckpoint, type AddCheckpoint } from "./parse-request.ts";

/** What is answered over HTTP. */
export type Answer = { readonly status: number; readonly body: string; readonly type?: string };

/** A checkpoint that a witness may cosign. `signed`: its text with the signatures of the log's own keys and of nobody else. */
export type Acceptable = { readonly text: string; readonly signed: string; readonly head: Omit<Checkpoint, "note"> };

/** What a witness goes by: the keys of each log, by origin, and what it cosigned of each last. */
export type Known = {
  readonly keysOf: ReadonlyMap<string, readonly VerifierKey[]>;
  readonly seen: (origin: string) => TreeHead | undefined;
};

/** Whether a question of a log may be answered with a cosignature; its checks in the order of C2SP tlog-witness, "add-checkpoint". */
export function judgeCheckpoint(body: string, { keysOf, seen }: Known): Acceptable | Answer {
  const asked = parseAddCheckpoint(body);
  const read = asked === undefined ? undefined : readNote(asked.note);
  if (asked === undefined || read === undefined) return refuse(400, "malformed request");
  const { note, head } = read;
  const keys = keysOf.get(head.origin);
  if (keys === undefined) return refuse(404, "unknown log");
  // 1. Attack: anybody who can reach the witness makes it record a tree that the log never signed, and so refuse the log's own for ever.
  const signers = signersOf(note, keys);
  if (signers.length === 0) return refuse(403, "no good signature of this log");
  if (asked.oldSize > head.size) return refuse(400, "old size above the size of the checkpoint");
  // 2. Attack: a smaller tree than was cosigned (entries taken back), or a request that was overtaken by another.
  const latest = seen(head.origin);
  if (asked.oldSize !== (latest?.size ?? 0)) {
    return { status: 409, body: `${latest?.size ?? 0}\n`, type: "text/x.tlog.size" };
  }
  // 3. Attack: a fork, which is a tree that does not begin with the one that was cosigned; of the same size, another root.
  if (!continues(asked, head, latest))
    return refuse(422, "not a continuation of the checkpoint that was cosigned last");
  const lines = note.signatures.filter(({ name, id }) => signers.some((key) => key.name === name && key.id.equals(id)));
  return { text: note.text, signed: `${note.text}\n${lines.map(formatSignature).join("")}`, head };
}

function continues({ proof }: AddCheckpoint, head: TreeHead, latest: TreeHead | undefined): boolean {
  // Every tree continues the empty one, without a proof.
  if (latest === undefined || latest.size === 0) return proof.length === 0;
  return verifyConsistency(latest, head, proof);
}

function readNote(text: string): { readonly note: Note; readonly head: Omit<Checkpoint, "note"> } | undefined {
  return orElse(undefined, () => {
    const note = parseNote(text, "the checkpoint");
    return { note, head: parseCheckpointText(note.text, "the checkpoint") };
  });
}

/** None where the signature of a known key is not good: "such a note is malformed", and the answer is the same 403. */
function signersOf(note: Note, keys: readonly VerifierKey[]): readonly VerifierKey[] {
  return orElse([], () => checkSignatures(note, keys, "the checkpoint"));
}

/** What is wrong with a stranger's checkpoint is said by a number, not by an error of this process. */
function orElse<T>(otherwise: T, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof IngotError && error.code === "log-note-malformed") return otherwise;
    throw error;
  }
}

function refuse(status: number, reason: string): Answer {
  return { status, body: `${reason}\n` };
}
