import { join } from "node:path";
import { readFileSync } from "node:fs";
import { isErrno, IngotError } from "../ground/error.ts";
import { decodeEvent } from "./event-entry.ts";
import type { NumberedEvent } from "./event.ts";
import { parseCheckpointText } from "./log/checkpoint.ts";
import { entryReader } from "./log/entry-reader.ts";
import { parseNote } from "./log/note.ts";
import type { TreeHead } from "./log/verify-proof.ts";
import type { Fold } from "./projection/fold.ts";
import type { OpenDatabase } from "./projection/sqlite.ts";
import { applyAll, makeState } from "./projection/state.ts";

export type ReplayOptions = {
  readonly folder: string;
  readonly fold: Fold;
  /** Events up to this time count. */
  readonly until: Date;
};

/**
 * The state as it was at a time, in memory. Reads the files of the log, also beside a living controller; each entry is held to its hash, but no signature is checked. Throws
 * `log-missing`, `log-damaged`, `log-note-malformed`.
 */
export function replayState({ folder, fold, until }: ReplayOptions): OpenDatabase {
  return foldEvents(fold, takeUntil(readLogEvents(folder), until));
}

/** The state that follows from some events, in memory. */
export function foldEvents(fold: Fold, events: Iterable<NumberedEvent>): OpenDatabase {
  const state = makeState(":memory:", fold);
  state.begin();
  applyAll(state, fold, events);
  state.commit();
  state.allowChanges(false);
  return state;
}

/** What a log's folder says it holds, unchecked. Throws `log-missing`, `log-note-malformed`. */
export function readHead(folder: string): TreeHead {
  const path = join(folder, "checkpoint");
  try {
    return parseCheckpointText(parseNote(readFileSync(path), path).text, path);
  } catch (cause) {
    if (!isErrno(cause, "ENOENT")) throw cause;
    throw new IngotError("log-missing", `there is no log in ${folder}`, {
      hint: "name the folder that has the file checkpoint",
      cause,
    });
  }
}

/** The first `size` events of a log's folder; all of them by default. */
export function* readLogEvents(folder: string, size = readHead(folder).size): Generator<NumberedEvent, void, void> {
  let index = 0;
  for (const entry of entryReader(folder, () => size).readFrom(0)) yield decodeEvent(entry, index++);
}

function* takeUntil(events: Iterable<NumberedEvent>, until: Date): Generator<NumberedEvent, void, void> {
  // Times are in one form and never go back: the first one that is later ends it.
  const last = until.toISOString();
  for (const event of events) {
    if (event.time > last) return;
    yield event;
  }
}
