import { z } from "zod";
import { IngotError } from "../../ground/error.ts";
import { canonical, decodeEvent } from "../../ledger/event-entry.ts";
import type { NumberedEvent } from "../../ledger/event.ts";
import type { Ledger } from "../../ledger/ledger.ts";
import { readCheckpoint } from "../../ledger/log/checkpoint.ts";
import type { Checkpoint } from "../../ledger/log/log.ts";
import { hashLeaf } from "../../ledger/log/merkle.ts";
import { checkSignatures, parseNote } from "../../ledger/log/note.ts";
import { formatProof, parseProof } from "../../ledger/log/proof-text.ts";
import { parseVerifierKey } from "../../ledger/log/verifier-key.ts";
import { verifyInclusion } from "../../ledger/log/verify-proof.ts";

/** That an event is in the log, for somebody who has nothing but the log's public key. */
export type Receipt = {
  readonly format: typeof receiptFormat;
  /** What the entry says, to be read; the check compares it with the entry. */
  readonly event: NumberedEvent;
  /** The entry's bytes, base64. */
  readonly entry: string;
  /** C2SP tlog-proof: the entry's place, the hashes up to the root, and the signed checkpoint with what witnesses signed. */
  readonly proof: string;
  /** For whoever has no Ingot. */
  readonly check: string;
};

const receiptFormat = "ingot-receipt/1";

const howToCheck =
  "`ingot audit check FILE --key VKEY` checks it offline. By hand: SHA-256 of a zero byte and the bytes of `entry` (base64) is the leaf; `proof` is a c2sp.org/tlog-proof: its hashes lead from the leaf to the root of the checkpoint (RFC 6962, section 2.1.1), which the key of the log signed (c2sp.org/signed-note).";

/** Throws `log-entry-unknown`. */
export function makeReceipt({ log, event }: Ledger, index: number): Receipt {
  const found = event(index);
  return {
    format: receiptFormat,
    event: found,
    entry: log.readEntry(index).toString("base64"),
    proof: formatProof(log.proveInclusion(index)),
    check: howToCheck,
  };
}

/** Whose signatures count: the log's vkey, and those of witnesses, each of whom must have cosigned. */
export type TrustedKeys = { readonly key: string; readonly witnesses?: readonly string[] };

export type CheckedReceipt = { readonly event: NumberedEvent; readonly checkpoint: Checkpoint };

/** Checks a receipt from its text alone. Throws `receipt-wrong` with what does not fit, `key-malformed` for a key that cannot be read. */
export function checkReceipt(text: string, { key, witnesses = [] }: TrustedKeys): CheckedReceipt {
  const log = parseVerifierKey(key, "the log's key");
  const cosigners = witnesses.map((one) => parseVerifierKey(one, "a witness' key"));
  const receipt = readReceipt(text);
  const entry = Buffer.from(receipt.entry, "base64");
  // 1. One text for one entry, so that nothing else can hide in the encoding.
  if (entry.toString("base64") !== receipt.entry) throw wrong("its entry is not base64");
  const { index, hashes, note } = attempt(() => parseProof(receipt.proof));
  // 2. The log signed the checkpoint, and each witness that is asked for saw it.
  const checkpoint = attempt(() => readCheckpoint(note, log, "its checkpoint"));
  const cosigned = attempt(() => checkSignatures(parseNote(note, "its checkpoint"), cosigners, "its checkpoint"));
  const missing = cosigners.find((one) => !cosigned.includes(one));
  if (missing !== undefined) throw wrong(`its checkpoint is not cosigned by ${missing.name}`);
  // 3. The entry is in the tree of the checkpoint, at that place.
  if (!verifyInclusion(hashLeaf(entry), { index, hashes }, checkpoint))
    throw wrong(`its proof does not lead from the entry to the root of ${checkpoint.origin}`);
  // 4. Attack: a true entry beside an invented event, of which people read the latter.
  const event = attempt(() => decodeEvent(entry, index));
  if (attempt(() => canonical(receipt.event, "receipt")) !== canonical(event, "receipt"))
    throw wrong("the event that it shows is not the one of its entry");
  if (receipt.check !== howToCheck) throw wrong("what it says of how to check it was altered");
  return { event, checkpoint };
}

const schema = z.strictObject({
  format: z.literal(receiptFormat),
  event: z.record(z.string(), z.unknown()),
  entry: z.string().max(100_000),
  proof: z.string().max(200_000),
  check: z.string(),
});

function readReceipt(text: string): z.infer<typeof schema> {
  const parsed = schema.safeParse(attempt(() => JSON.parse(text) as unknown));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw wrong(`it is no receipt: ${issue?.path.join(".") || "the whole"}: ${issue?.message}`);
}

/** Every way in which a receipt can be unreadable is the same to who checks it: it proves nothing. */
function attempt<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof IngotError) throw wrong(cause.message, cause);
    if (cause instanceof SyntaxError) throw wrong("it is not JSON", cause);
    throw cause;
  }
}

function wrong(why: string, cause?: unknown): IngotError {
  return new IngotError("receipt-wrong", `the receipt proves nothing: ${why}`, {
    hint: "compare the key with `ingot audit key`, and ask for the receipt again: ingot audit prove EVENT",
    cause,
  });
}
