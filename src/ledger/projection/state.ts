import type { NumberedEvent } from "../event.ts";
import type { Checkpoint } from "../log/log.ts";
import type { Fold } from "./fold.ts";
import { openDatabase, type OpenDatabase } from "./sqlite.ts";

/** What a state file says of itself: by which fold it was made, and up to which signed checkpoint. */
export type StateMark = { readonly version: string; readonly note: string };

/** The table of the mark, beside those of the fold. */
export const markTable = "ingot_state";

/** An empty state: the tables of the fold, and no row. */
export function makeState(path: string, fold: Fold, mode: "keep" | "scratch" = "scratch"): OpenDatabase {
  const database = openDatabase(path, mode);
  for (const sql of fold.tables) database.execute(sql);
  database.execute(
    `CREATE TABLE ${markTable} (id INTEGER PRIMARY KEY CHECK (id = 1), version TEXT NOT NULL, note TEXT NOT NULL)`,
  );
  return database;
}

export function applyAll(database: OpenDatabase, fold: Fold, events: Iterable<NumberedEvent>): void {
  for (const event of events) fold.apply(database, event);
}

export function readMark(database: OpenDatabase): StateMark | undefined {
  return database.get<StateMark>(`SELECT version, note FROM ${markTable} WHERE id = 1`);
}

/** Within the transaction that makes the state fit the checkpoint. */
export function writeMark(database: OpenDatabase, fold: Fold, checkpoint: Checkpoint): void {
  database.run(
    `INSERT OR REPLACE INTO ${markTable} (id, version, note) VALUES (1, ?, ?)`,
    fold.version,
    checkpoint.note,
  );
}
