import { IngotError } from "../../ground/error.ts";
import { readCheckpoint } from "../log/checkpoint.ts";
import type { Checkpoint } from "../log/log.ts";
import { emptyRoot } from "../log/merkle.ts";
import { rootAt } from "../log/prove.ts";
import { makeTileCache, treeReader } from "../log/tree-reader.ts";
import { parseVerifierKey } from "../log/verifier-key.ts";
import type { LogFinding } from "./finding.ts";

/** A log whose files were verified up to `head`. */
export type VerifiedHead = {
  readonly folder: string;
  readonly verifierKey: string;
  readonly head: Omit<Checkpoint, "note">;
};

/**
 * Whether a log continues a checkpoint of it that somebody kept; undefined where it does. Attack: an older copy of the whole folder, which is good in itself and was signed and cosigned in its time: only
 * who has seen a newer one can tell. `from` names its place. Throws `key-malformed`.
 */
export function checkContinues(
  { folder, verifierKey, head }: VerifiedHead,
  note: string,
  from: string,
): LogFinding | undefined {
  let kept: Checkpoint;
  try {
    kept = readCheckpoint(note, parseVerifierKey(verifierKey, "the log's key"), from);
  } catch (error) {
    if (!(error instanceof IngotError) || error.code === "key-malformed") throw error;
    return { file: "checkpoint", problem: `cannot be held against the one that was kept: ${error.message}` };
  }
  const { size } = kept;
  if (size > head.size)
    return {
      file: "checkpoint",
      entry: head.size,
      problem: `has ${head.size} entries, and the log has had ${size}, by its own signature in ${from}`,
    };
  const root = size === 0 ? emptyRoot : rootAt(treeReader(folder, head.size, makeTileCache()), size);
  if (root.equals(kept.root)) return undefined;
  return {
    file: "checkpoint",
    problem: `is of another history than the ${size} entries that the log signed in ${from}`,
  };
}
