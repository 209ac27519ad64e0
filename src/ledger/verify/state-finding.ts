import type { Row } from "../projection/database.ts";

/** Something in the state that does not follow from the log. */
export type StateFinding = {
  /** Absent where it is of the whole file. */
  readonly table?: string;
  /** The row's primary key. */
  readonly key?: Row;
  /** The number of the event that the row follows from; of a row that should not be, the one that it says. */
  readonly event?: number;
  readonly problem: string;
};

export type StateFindings = {
  /** How many events the state was folded from. */
  readonly size: number;
  /** How many more the log has: they are folded at the next start. */
  readonly behind: number;
  readonly rows: number;
  readonly findings: readonly StateFinding[];
};
