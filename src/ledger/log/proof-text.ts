import { IngotError } from "../../ground/error.ts";
import type { InclusionProof } from "./log.ts";
import { hashSize } from "./merkle.ts";

/** A proof as it is written, before it is checked: `note` is the signed checkpoint. */
export type ProofText = { readonly index: number; readonly hashes: readonly Buffer[]; readonly note: string };

/** That an entry is in a log, as C2SP tlog-proof has it: a text that anybody checks offline with the entry and the log's public key. */
export function formatProof({ index, hashes, checkpoint }: InclusionProof): string {
  const lines = hashes.map((one) => `${one.toString("base64")}\n`).join("");
  return `${header}\nindex ${index}\n${lines}\n${checkpoint.note}`;
}

/** Reads what `formatProof` writes; a line of extra data, which nothing vouches for, is not taken. Throws `proof-malformed`. */
export function parseProof(text: string): ProofText {
  const end = text.indexOf("\n\n");
  const [first, second = "", ...encoded] = text.slice(0, end).split("\n");
  if (end < 0 || text.length > maxSize || first !== header) throw malformed(`it does not begin with ${header}`);
  const [, digits] = /^index (0|[1-9][0-9]{0,15})$/.exec(second) ?? [];
  const index = Number(digits);
  if (!Number.isSafeInteger(index)) throw malformed("its second line is not `index` with a number");
  const hashes = encoded.map((line) => Buffer.from(line, "base64"));
  if (hashes.some((one, at) => one.length !== hashSize || one.toString("base64") !== encoded[at]))
    throw malformed("a line of it is no hash");
  return { index, hashes, note: text.slice(end + 2) };
}

const header = "c2sp.org/tlog-proof@v1";

/** 64 hashes of a tree that no disk holds, and a note with as many cosignatures as it may have. */
const maxSize = 128 * 1024;

function malformed(why: string): IngotError {
  return new IngotError("proof-malformed", `this is no proof of C2SP tlog-proof: ${why}`, {
    hint: "it was altered or cut off: ask for it again with `ingot audit prove`",
  });
}
