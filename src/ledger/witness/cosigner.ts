import { IngotError } from "../../ground/error.ts";
import type { Cosign } from "../log/cosign.ts";
import { parseCheckpointText } from "../log/checkpoint.ts";
import { parseNote } from "../log/note.ts";
import { parseVerifierKey, signatureType } from "../log/verifier-key.ts";
import { openWitnessPeer, type PeerAnswer, type Proposal, type WitnessPeer } from "./witness-peer.ts";

/** Whom to ask, and how many of them must have cosigned. `key`: the witness' vkey, as `ingot witness` prints it. */
export type Witnesses = {
  readonly required: number;
  readonly known: readonly { readonly url: string; readonly key: string }[];
};

export type CosignerOptions = {
  readonly fetch?: typeof fetch;
  /** Milliseconds for one question; 5000 by default. */
  readonly timeout?: number;
  /** Is told of each witness that has another history on record, also when enough others have not. */
  readonly warn?: (text: string) => void;
};

/**
 * Asks all witnesses at the same time, and resolves as soon as enough have cosigned; the others are told too, so that they do not fall behind. Every cosignature is
 * checked. Rejects with `witness-unreachable`, `witness-in-doubt` or `log-forked`, naming each witness that failed and why. Opening throws `key-malformed` and `settings-malformed`.
 */
export function openCosigner({ required, known }: Witnesses, options: CosignerOptions = {}): Cosign {
  const peers = openPeers(known, options);
  let latest: Gathered = { text: "", lines: new Map() };
  return async (note, offer) => {
    const { text } = parseNote(note, "the checkpoint that is to be cosigned");
    const { size } = parseCheckpointText(text, "the checkpoint that is to be cosigned");
    // The same one once more: what was cosigned of it stays so, also when the witness is gone since.
    if (latest.text !== text) latest = { text, lines: new Map() };
    const { lines } = latest;
    const proposal = { note, text, size, offer };
    const failures = await gather({ peers, lines, required, proposal, warn: options.warn });
    if (lines.size >= required) return note + [...lines.values()].join("");
    latest = { ...latest, isInDoubt: latest.isInDoubt === true || mayBeRecorded(failures, lines) };
    throw describeFailure(failures, { required, signed: lines.size, isInDoubt: latest.isInDoubt === true });
  };
}

type Lines = Map<WitnessPeer, string>;

/** What there is for one checkpoint. `isInDoubt`: at some time it was offered, and a witness may have recorded it. */
type Gathered = { readonly text: string; readonly lines: Lines; readonly isInDoubt?: boolean };

type Failure = Exclude<PeerAnswer, { kind: "signed" }> & { readonly peer: WitnessPeer };

type Round = {
  readonly peers: readonly WitnessPeer[];
  readonly lines: Lines;
  readonly required: number;
  readonly proposal: Omit<Proposal, "isSettled">;
  readonly warn: CosignerOptions["warn"];
};

/** Fills `lines`; resolves when they are enough, or when nobody is left who could add one: then with who failed. */
async function gather({ peers, lines, required, proposal, warn }: Round): Promise<readonly Failure[]> {
  const isSettled = (): boolean => lines.size >= required;
  const failures: Failure[] = [];
  const enough = Promise.withResolvers<undefined>();
  const asked = peers
    .filter((peer) => !lines.has(peer))
    .map(async (peer) => {
      const answer = await peer.ask({ ...proposal, isSettled });
      if (answer.kind === "signed") {
        lines.set(peer, answer.line);
        if (isSettled()) enough.resolve(undefined);
        return;
      }
      failures.push({ ...answer, peer });
      if (answer.kind === "forked")
        warn?.(`the witness ${peer.name} (${peer.url}) does not follow this log: ${answer.reason}`);
    });
  if (!isSettled()) await Promise.race([enough.promise, Promise.all(asked)]);
  return failures;
}

function openPeers(known: Witnesses["known"], options: CosignerOptions): readonly WitnessPeer[] {
  const keys = known.map(({ url, key }) => ({ url, key: parseVerifierKey(key, `the key of the witness ${url}`) }));
  const strange = keys.find(({ key }) => key.type !== signatureType.cosignature);
  if (strange !== undefined) {
    throw new IngotError("key-malformed", `the key of the witness ${strange.url} is that of a log, not of a witness`, {
      hint: "`ingot witness init` prints the key of a witness",
    });
  }
  // Attack: one witness that counts as two.
  const twice = keys.find(({ key }, place) => keys.findIndex((other) => other.key.key.equals(key.key)) !== place);
  if (twice !== undefined) {
    throw new IngotError("settings-malformed", `the witness ${twice.key.name} (${twice.url}) is named twice`, {
      hint: "each witness counts once: name another one under `witnesses:`",
    });
  }
  return keys.map(({ url, key }) =>
    openWitnessPeer({ url, key, fetch: options.fetch ?? fetch, timeout: options.timeout ?? 5000 }),
  );
}

/** Whether the log may not forget the checkpoint: a witness that recorded it takes every other of its size for a fork. */
function mayBeRecorded(failures: readonly Failure[], lines: Lines): boolean {
  return lines.size > 0 || failures.some(({ kind }) => kind === "doubt");
}

function describeFailure(
  failures: readonly Failure[],
  { required, signed, isInDoubt }: { required: number; signed: number; isInDoubt: boolean },
): IngotError {
  const details = failures.map(({ peer, reason }) => `${peer.name} (${peer.url}): ${reason}`);
  const names = failures.map(({ peer }) => peer.name).join(", ");
  const message = `${required === 1 ? "1 witness" : `${required} witnesses`} must cosign, ${signed} did; not ${names}: ${failures[0]?.reason}`;
  if (isInDoubt) {
    return new IngotError("witness-in-doubt", message, {
      hint: "start the witnesses that are named; nothing is lost",
      details,
    });
  }
  if (failures.some(({ kind }) => kind === "forked")) {
    const hint =
      "compare this log with a copy by `ingot audit verify`: it was put back to an earlier state, or altered";
    return new IngotError("log-forked", message, { hint, details });
  }
  const hint = "start the witnesses that are named, or change `witnesses:` in the controller's settings";
  return new IngotError("witness-unreachable", message, { hint, details });
}
