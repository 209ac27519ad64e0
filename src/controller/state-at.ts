import { setImmediate } from "node:timers/promises";
import { IngotError } from "../ground/error.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { Database } from "../ledger/projection/database.ts";
import { applyAll, makeState } from "../ledger/projection/state.ts";
import type { OpenDatabase } from "../ledger/projection/sqlite.ts";
import type { Controller } from "./controller.ts";
import { controllerFold } from "./state/fold.ts";

/** The state at a time; `now`: that time, in seconds since 1970. */
export type Moment = { readonly state: Database; readonly now: number };

/**
 * The state as it was at a time (ISO 8601), by folding the events up to then; without a time, as it is. The last few that were asked for are kept. Throws `request-malformed` for what is no
 * time, or one that has not come yet.
 */
export async function stateAt(controller: Controller, at?: string): Promise<Moment> {
  const { ledger } = controller;
  const present = ledger.now().getTime();
  if (at === undefined) return { state: ledger.state, now: Math.floor(present / 1000) };
  const time = Date.parse(at);
  if (Number.isNaN(time) || time > present) {
    throw new IngotError("request-malformed", `expected a time of the past, got ${JSON.stringify(at)}`, {
      hint: "such as 2026-11-21 or 2026-11-21T10:00:00Z",
    });
  }
  return { state: await replayTo(ledger, countUntil(ledger, time)), now: Math.floor(time / 1000) };
}

/** How many events had happened by a time, in milliseconds since 1970. Times of events only grow. */
export function countUntil(ledger: Ledger, time: number): number {
  let [low, high] = [0, ledger.log.checkpoint().size];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (Date.parse(ledger.event(middle).time) <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The state that followed from the first `size` events: of the event with that number, what it was decided by. */
export function stateBefore({ ledger }: Controller, size: number): Promise<Database> {
  return replayTo(ledger, size);
}

/** Each is as large as the state was: a few, since who looks at a moment asks several things about it. */
const mostKept = 4;
const kept = new WeakMap<Ledger, Map<number, Promise<OpenDatabase>>>();

function replayTo(ledger: Ledger, size: number): Promise<Database> {
  const states = kept.get(ledger) ?? new Map<number, Promise<OpenDatabase>>();
  kept.set(ledger, states);
  const made = states.get(size) ?? foldNext(ledger, size);
  // Put last again: the one that was not asked for the longest time goes first. It is not closed, since somebody may be reading it: it ends with its last reader.
  states.delete(size);
  states.set(size, made);
  made.catch(() => states.delete(size));
  const [oldest] = states.keys();
  if (states.size > mostKept && oldest !== undefined) states.delete(oldest);
  return made;
}

const last = new WeakMap<Ledger, Promise<unknown>>();

/** One after another. Attack: a hundred moments asked for at once are a hundred states in memory at once. */
function foldNext(ledger: Ledger, size: number): Promise<OpenDatabase> {
  const before = last.get(ledger) ?? Promise.resolve();
  const made = before.then(() => foldUpTo(ledger, size));
  // Whoever asked is told of what failed; the next one begins all the same.
  last.set(
    ledger,
    made.catch(() => undefined),
  );
  return made;
}

/** Events that are folded at a time, between which others are served. */
const chunk = 500;

async function foldUpTo({ events }: Ledger, size: number): Promise<OpenDatabase> {
  const database = makeState(":memory:", controllerFold);
  const rest = events()[Symbol.iterator]();
  for (let done = 0; done < size; done += chunk) {
    database.begin();
    applyAll(database, controllerFold, take(rest, Math.min(chunk, size - done)));
    database.commit();
    await setImmediate();
  }
  database.allowChanges(false);
  return database;
}

function* take<T>(from: Iterator<T>, count: number): Generator<T, void, void> {
  for (let taken = 0; taken < count; taken += 1) {
    const { done, value } = from.next() as IteratorResult<T, T>;
    if (done === true) return;
    yield value;
  }
}
