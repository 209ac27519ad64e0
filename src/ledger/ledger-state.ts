import { IngotError } from "../ground/error.ts";
import { decodeEvent, encodeEvent } from "./event-entry.ts";
import type { NewEvent, NumberedEvent } from "./event.ts";
import type { Outcome, Recorded } from "./ledger.ts";
import type { Appended } from "./log/log.ts";
import type { OpenLog } from "./log/open-log.ts";
import type { Database } from "./projection/database.ts";
import type { Fold } from "./projection/fold.ts";
import { isDatabaseError, type OpenDatabase } from "./projection/sqlite.ts";
import { stateFailed } from "./projection/state-failed.ts";
import { applyAll, writeMark } from "./projection/state.ts";

export type LedgerStateOptions = {
  readonly database: OpenDatabase;
  readonly fold: Fold;
  readonly log: OpenLog;
  readonly events: (from: number) => Iterable<NumberedEvent>;
  readonly now: () => Date;
};

/**
 * The state that runs ahead of the log by the events that are about to become durable. They are in an open transaction of the database, which is committed when the log has all of
 * them; a crash or a failed append takes them out of the state again. What the file lacks then is in the log, and is folded from there.
 */
export class LedgerState {
  readonly #database: OpenDatabase;
  readonly #options: LedgerStateOptions;
  readonly #listeners = new Set<(event: NumberedEvent) => void>();
  /** In the state, not yet in the log. */
  #pending: NumberedEvent[] = [];
  /** How many events the file holds after a crash. */
  #committed: number;
  /** How many events listeners were told of. */
  #announced: number;
  #newest: number;
  #lastAppend: Promise<unknown> = Promise.resolve();
  /** The database gave up a transaction by itself: it must be made anew before anybody reads it. */
  #isStale = false;
  #isEnding = false;
  #isClosed = false;
  /** Not to be tried before this time, in milliseconds of this process: what it takes to fold again is not to be spent on every event. */
  #commitAfter = 0;

  constructor(options: LedgerStateOptions) {
    const { database, log } = options;
    this.#options = options;
    this.#database = database;
    this.#committed = log.checkpoint().size;
    this.#announced = this.#committed;
    this.#newest = this.#committed === 0 ? 0 : Date.parse(lastEvent(log).time);
    database.allowChanges(false);
  }

  readonly view: Database = {
    run: (sql) => {
      throw new IngotError("internal-error", `state changes only by events, and not by ${sql}`);
    },
    get: (sql, ...values) => this.#fresh().get(sql, ...values),
    all: (sql, ...values) => this.#fresh().all(sql, ...values),
  };

  now(): Date {
    return new Date(Math.max(this.#options.now().getTime(), this.#newest));
  }

  async transact<T>(decide: (state: Database, next: number) => Outcome<T>): Promise<Recorded<T>> {
    while (this.#mustWait()) await this.#becomeReady();
    // Before anything is in the state that the log will not take any more.
    if (this.#isEnding) throw new IngotError("internal-error", "the ledger is closed");
    this.#fresh();
    const { events, result } = decide(this.view, this.#next());
    const { log } = this.#options;
    if (events.length === 0) {
      await this.settled();
      return { result, events: [], checkpoint: log.checkpoint() };
    }
    const { numbered, entries } = this.#place(events);
    this.#fold(numbered);
    for (const event of numbered) this.#pending.push(event);
    this.#newest = Date.parse(numbered.at(-1)?.time ?? "");
    const append: Promise<Appended> = log.append(entries);
    this.#lastAppend = append;
    const { checkpoint } = await append;
    return { result, events: numbered, checkpoint };
  }

  async settled(): Promise<void> {
    if (this.#pending.length > 0) await this.#lastAppend;
  }

  subscribe(listener: (event: NumberedEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** The log has more entries: those that were pending, or what witnesses had kept in doubt. */
  grown(): void {
    const { size } = this.#options.log.checkpoint();
    const isUnknown = this.#pending.length === 0 && size > this.#announced;
    const durable = isUnknown
      ? [...this.#options.events(this.#announced)]
      : this.#pending.filter(({ index }) => index < size);
    this.#pending = this.#pending.filter(({ index }) => index >= size);
    this.#announced = size;
    if (isUnknown) {
      this.#isStale = true;
      this.#newest = Math.max(this.#newest, Date.parse(durable.at(-1)?.time ?? ""));
    }
    this.#commit();
    for (const event of durable) this.#announce(event);
  }

  /** Nothing that is pending will be in the log. */
  failed(): void {
    if (this.#pending.length === 0) return;
    this.#pending = [];
    this.#isStale = true;
  }

  /** Nothing new is decided; what is pending may still become durable, until `close`. */
  end(): void {
    this.#isEnding = true;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isEnding = true;
    this.#isClosed = true;
    this.#commitAfter = 0;
    this.#commit();
    this.#database.close();
  }

  #mustWait(): boolean {
    if (this.#options.log.isInDoubt()) return true;
    // Under constant load something is always pending, and nothing could ever be committed.
    return this.#pending.length > 0 && this.#announced - this.#committed > mostUncommitted;
  }

  async #becomeReady(): Promise<void> {
    if (this.#options.log.isInDoubt()) await this.#options.log.append([]);
    else await Promise.allSettled([this.#lastAppend]);
  }

  /** Gives events their time and number, and reads them back: the state must follow from what the log says, not from what was meant. */
  #place(events: readonly NewEvent[]): {
    readonly numbered: readonly NumberedEvent[];
    readonly entries: readonly Buffer[];
  } {
    const time = this.now().toISOString();
    const first = this.#next();
    const entries = events.map((event) => encodeEvent({ ...event, time }));
    return { entries, numbered: entries.map((entry, at) => decodeEvent(entry, first + at)) };
  }

  /** The number of the next event. */
  #next(): number {
    return this.#announced + this.#pending.length;
  }

  #fold(events: readonly NumberedEvent[]): void {
    const { fold } = this.#options;
    this.#change(() => {
      if (!this.#database.isInTransaction()) this.#database.begin();
      this.#database.attempt(() => applyAll(this.#database, fold, events));
    });
  }

  /** The database, with all that is durable or pending in it. */
  #fresh(): OpenDatabase {
    if (!this.#isStale) return this.#database;
    const { fold, events } = this.#options;
    this.#change(() => {
      if (this.#database.isInTransaction()) this.#database.rollback();
      this.#database.begin();
      applyAll(this.#database, fold, events(this.#committed));
      applyAll(this.#database, fold, this.#pending);
      this.#isStale = false;
    });
    // Not committed here: where that fails, the database gives up the transaction, and with it what is to be read.
    return this.#database;
  }

  /** As soon as the log has everything that the state shows. */
  #commit(): void {
    if (this.#isStale || this.#pending.length > 0 || !this.#database.isInTransaction()) return;
    if (performance.now() < this.#commitAfter) return;
    const { fold, log } = this.#options;
    try {
      this.#change(() => {
        writeMark(this.#database, fold, log.checkpoint());
        this.#database.commit();
        this.#committed = this.#announced;
      });
    } catch (error) {
      // A full disk, mostly. The log has it all: it is folded from there again, and committed when there is space.
      if (!(error instanceof IngotError)) throw error;
      this.#commitAfter = performance.now() + 1000;
    }
  }

  #change(work: () => void): void {
    this.#database.allowChanges(true);
    try {
      work();
    } catch (error) {
      if (!this.#database.isInTransaction()) this.#isStale = true;
      throw isDatabaseError(error) ? stateFailed(error) : error;
    } finally {
      this.#database.allowChanges(false);
    }
  }

  #announce(event: NumberedEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        // Its own mistake, and not that of whoever waits for the event.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}

const mostUncommitted = 5000;

function lastEvent(log: OpenLog): NumberedEvent {
  const index = log.checkpoint().size - 1;
  return decodeEvent(log.readEntry(index), index);
}
