import type { Checkpoint } from "../log/log.ts";

/** Something in a log's folder that is not as its tree says. */
export type LogFinding = {
  /** Below the log's folder. */
  readonly file: string;
  /** The first entry that is concerned; absent where none is. */
  readonly entry?: number;
  /** What is wrong, continuing a sentence that begins with the file. */
  readonly problem: string;
};

export type LogFindings = {
  /** Undefined where it cannot be read. Its signature counts only when there is no finding. */
  readonly checkpoint: Omit<Checkpoint, "note"> | undefined;
  /** How many entries were read. */
  readonly entries: number;
  /** How many files were compared, byte by byte. */
  readonly files: number;
  /** Empty where everything is as it was signed. */
  readonly findings: readonly LogFinding[];
  /** Files of a batch that a crash or a full disk cut off before its checkpoint: nobody was told of it, they mean nothing. */
  readonly leftovers: readonly string[];
};
