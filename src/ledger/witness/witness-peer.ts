import { IngotError } from "../../ground/error.ts";
import type { ConsistencyOffer } from "../log/cosign.ts";
import { checkSignatures, formatSignature, parseNote } from "../log/note.ts";
import type { VerifierKey } from "../log/verifier-key.ts";
import { askWitness } from "./ask-witness.ts";

/** A checkpoint that is to be cosigned. `isSettled`: others have done so, and what is still to be asked need not be. */
export type Proposal = {
  readonly note: string;
  /** The note without its signatures. */
  readonly text: string;
  readonly size: number;
  readonly offer: ConsistencyOffer;
  readonly isSettled: () => boolean;
};

/** `forked`: it has another history of this log on record. The other kinds are those of `askWitness`. */
export type PeerAnswer =
  | { readonly kind: "signed"; readonly line: string }
  | { readonly kind: "refused" | "forked" | "unconnected" | "doubt"; readonly reason: string };

/** One witness, as a log sees it. Never throws; questions to it follow each other. */
export type WitnessPeer = {
  readonly name: string;
  readonly url: string;
  readonly ask: (proposal: Proposal) => Promise<PeerAnswer>;
};

type Setup = {
  readonly url: string;
  readonly key: VerifierKey;
  readonly fetch: typeof fetch;
  readonly timeout: number;
};

export function openWitnessPeer(setup: Setup): WitnessPeer {
  let turn: Promise<unknown> = Promise.resolve();
  /** What it has on record, as far as this process knows. */
  let recorded: number | undefined;
  const ask = async (proposal: Proposal): Promise<PeerAnswer> => {
    // While it was busy with the one before, others have cosigned this one.
    if (proposal.isSettled()) return { kind: "refused", reason: "it was not asked" };
    const answer = await askUntilCurrent(setup, proposal, recorded ?? proposal.offer.from);
    if (answer.kind === "signed") recorded = proposal.size;
    return answer;
  };
  return {
    name: setup.key.name,
    url: setup.url,
    ask: (proposal) => {
      const answer = turn.then(() => ask(proposal));
      turn = answer;
      return answer;
    },
  };
}

/** A witness says once which size it knows; it changes only when another process of this log asks it too. */
const mostTries = 3;

async function askUntilCurrent(setup: Setup, proposal: Proposal, from: number): Promise<PeerAnswer> {
  const { note, size, offer } = proposal;
  let oldSize = Math.min(from, size);
  for (let tries = 0; tries < mostTries; tries += 1) {
    const proof = oldSize === offer.from ? offer.hashes : offer.proveFrom(oldSize);
    const answer = await askWitness(setup.url, { oldSize, proof, note }, setup);
    if (answer.kind === "signed") return readCosignature(answer.lines, proposal, setup.key);
    if (answer.kind !== "behind") return answer;
    if (answer.size > size) {
      return { kind: "forked", reason: `it has cosigned ${answer.size} entries of this log, which now has ${size}` };
    }
    // The log has gone on, and keeps the tree of this checkpoint no longer: the next question brings the witness up to date.
    if (proposal.isSettled()) return { kind: "refused", reason: `it is behind, at ${answer.size} entries` };
    oldSize = answer.size;
  }
  return { kind: "refused", reason: `it says another size each time, ${oldSize} at last` };
}

/** The witness' own line of its answer. A 200 without a good one leaves doubt: it has recorded the checkpoint. */
function readCosignature(lines: string, { text }: Proposal, key: VerifierKey): PeerAnswer {
  const from = `the answer of ${key.name}`;
  try {
    const answer = parseNote(`${text}\n${lines}`, from);
    if (checkSignatures(answer, [key], from).length > 0) {
      const own = answer.signatures.find(({ name, id }) => name === key.name && id.equals(key.id));
      if (own !== undefined) return { kind: "signed", line: formatSignature(own) };
    }
  } catch (error) {
    if (!(error instanceof IngotError) || error.code !== "log-note-malformed") throw error;
  }
  return {
    kind: "doubt",
    reason: `its answer holds no good cosignature of the key ${key.name}+${key.id.toString("hex")}`,
  };
}
