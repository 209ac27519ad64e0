import type { NewEvent, NumberedEvent } from "./event.ts";
import type { Checkpoint, Log } from "./log/log.ts";
import type { Database } from "./projection/database.ts";

/** What a transaction decides: the events that follow, and what it answers. No events: it only read. */
export type Outcome<T> = { readonly events: readonly NewEvent[]; readonly result: T };

/** What is on the record, and where. */
export type Recorded<T> = {
  readonly result: T;
  readonly events: readonly NumberedEvent[];
  readonly checkpoint: Checkpoint;
};

/**
 * The event log and the state that follows from it, side by side: a folder of the log's files, and `state.db`. One process has it open; a second one is refused with
 * `locked-by-another`.
 */
export type Ledger = {
  readonly log: Log;
  /** The state with all events so far, also those that are about to become durable. To read from; `transact` is the only way to change it. */
  readonly state: Database;
  /** The clock, which never says a time before that of the newest event: turning back the machine's clock makes nothing younger. */
  readonly now: () => Date;
  /**
   * Runs `decide` alone with the state and the number that its first event will have, and appends the events that it returns. `decide` is synchronous, so that what it read
   * is still true when its events have their place. Resolves when they are durable. When `decide` throws, nothing happened. When they cannot be made durable, state is as before and it rejects with
   * `log-write-failed` or `witness-unreachable`.
   */
  readonly transact: <T>(decide: (state: Database, next: number) => Outcome<T>) => Promise<Recorded<T>>;
  /** Resolves when everything that `state` shows now is durable. An answer that tells of state waits for it. */
  readonly settled: () => Promise<void>;
  /** Events from a number on, in order; reads the log. */
  readonly events: (from?: number) => Iterable<NumberedEvent>;
  readonly event: (index: number) => NumberedEvent;
  /** Calls `listener` for each event after it became durable, in order; returns what ends it. */
  readonly subscribe: (listener: (event: NumberedEvent) => void) => () => void;
  readonly close: () => Promise<void>;
};
