import type { NumberedEvent } from "../event.ts";
import type { Database } from "./database.ts";

/**
 * How state follows from events. `apply` must be a function of the state and the event alone: no clock, no file, no randomness. The same events then give the same
 * state, at any time and on any machine.
 */
export type Fold = {
  /** Of the tables and of `apply`: state that another version made is thrown away and folded anew. */
  readonly version: string;
  /**
   * SQL that makes the tables. Each table has a column `event INTEGER NOT NULL`: the number of the event that last changed the row, by which `audit verify` names the event of a row
   * that was altered; and a PRIMARY KEY, by which rows are compared.
   */
  readonly tables: readonly string[];
  /** What it throws for an event keeps that event from being appended. It must throw for it in every state or in none: what is in the log has to be folded again. */
  readonly apply: (state: Database, event: NumberedEvent) => void;
};
