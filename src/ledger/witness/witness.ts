import type { Checkpoint, LogKey } from "../log/log.ts";
import { parseVerifierKey } from "../log/verifier-key.ts";
import { cosignatureLine, witnessVerifierKey } from "./cosignature.ts";
import { judgeCheckpoint, type Answer } from "./judge-checkpoint.ts";
import { openSeenCheckpoints } from "./seen-checkpoints.ts";

/** A log that a witness knows: its checkpoints' first line, and the vkey that signs them. A log with two keys is in the list twice. */
export type WitnessedLog = { readonly origin: string; readonly verifierKey: string };

/** Where a witness keeps what it saw, its key, which no log may have too, and the logs that it answers. */
export type WitnessSetup = {
  readonly folder: string;
  readonly key: LogKey;
  readonly logs: readonly WitnessedLog[];
  readonly now: () => Date;
};

/** Vouches for one history of each log (C2SP tlog-witness). */
export type Witness = {
  readonly verifierKey: string;
  /**
   * Synchronous from the check to the durable record: no other request comes between, and no cosignature leaves before it is on disk that it was given. Throws when that cannot be
   * written; then nothing was cosigned.
   */
  readonly addCheckpoint: (body: string) => Answer;
  /** The latest checkpoint that was cosigned of a log, by the SHA-256 of its origin: for monitors. */
  readonly latest: (originHash: string) => Checkpoint | undefined;
};

/** Opens the state in `folder`. Throws `key-malformed`, `log-note-malformed`, `log-key-wrong`. */
export function openWitness({ folder, key, logs, now }: WitnessSetup): Witness {
  const verifierKey = witnessVerifierKey(key);
  const byOrigin = Map.groupBy(logs, ({ origin }) => origin);
  const keysOf = new Map(
    [...byOrigin].map(([origin, same]) => [origin, same.map((log) => parseVerifierKey(log.verifierKey, origin))]),
  );
  const seen = openSeenCheckpoints(folder, parseVerifierKey(verifierKey, key.name), [...byOrigin.keys()]);
  return {
    verifierKey,
    latest: seen.getByHash,
    addCheckpoint: (body) => {
      const judged = judgeCheckpoint(body, { keysOf, seen: seen.get });
      if ("status" in judged) return judged;
      const line = cosignatureLine(key, judged.text, now());
      seen.set({ ...judged.head, note: `${judged.signed}${line}` });
      return { status: 200, body: line };
    },
  };
}
