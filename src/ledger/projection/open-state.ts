import { chmodSync, closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { syncFolder } from "../../ground/atomic-file.ts";
import { IngotError } from "../../ground/error.ts";
import type { NumberedEvent } from "../event.ts";
import { readCheckpoint } from "../log/checkpoint.ts";
import type { Checkpoint, Log } from "../log/log.ts";
import { emptyRoot } from "../log/merkle.ts";
import { rootAt } from "../log/prove.ts";
import { makeTileCache, treeReader } from "../log/tree-reader.ts";
import { parseVerifierKey } from "../log/verifier-key.ts";
import type { Fold } from "./fold.ts";
import { isDatabaseDamaged, openDatabase, type OpenDatabase } from "./sqlite.ts";
import { applyAll, makeState, readMark, writeMark } from "./state.ts";

export type StateSource = {
  readonly path: string;
  readonly fold: Fold;
  readonly log: Log;
  readonly events: (from: number) => Iterable<NumberedEvent>;
};

/**
 * The state of a log up to its newest checkpoint. One that was made by another fold, or is damaged, is thrown away and folded anew; one that is behind is brought up to
 * date. Throws `log-forked` where the state has seen a checkpoint of this very log that the log does not continue.
 */
export function openState(source: StateSource): OpenDatabase {
  const kept = openKept(source);
  if (kept === undefined) return rebuild(source);
  try {
    catchUp(kept.database, source, kept.checkpoint.size);
    return kept.database;
  } catch (error) {
    kept.database.close();
    if (!isDatabaseDamaged(error)) throw error;
    return rebuild(source);
  }
}

/** Folds what is missing. */
function catchUp(database: OpenDatabase, { fold, log, events }: StateSource, from: number): void {
  const checkpoint = log.checkpoint();
  if (from === checkpoint.size) return;
  database.begin();
  applyAll(database, fold, events(from));
  writeMark(database, fold, checkpoint);
  database.commit();
}

type Kept = { readonly database: OpenDatabase; readonly checkpoint: Checkpoint };

/** Undefined where what is there is of no use. */
function openKept({ path, fold, log }: StateSource): Kept | undefined {
  if (!existsSync(path)) return undefined;
  // Whoever closes it takes this away: who did not was cut off, by the power perhaps.
  const wasCut = existsSync(`${path}-wal`);
  let database: OpenDatabase | undefined;
  try {
    database = openDatabase(path, "keep");
    const mark = readMark(database);
    // Also where another release made it: an update must not be what hides that the log was put back.
    const checkpoint = mark === undefined ? undefined : findSeen(mark.note, log);
    if (checkpoint !== undefined && mark?.version === fold.version && !(wasCut && database.findDamage().length > 0))
      return { database, checkpoint };
  } catch (error) {
    database?.close();
    if (error instanceof IngotError || !isUseless(error)) throw error;
    return undefined;
  }
  database.close();
  return undefined;
}

/** The checkpoint that the state was folded to; undefined where that is not one that the log signed. */
function findSeen(note: string, log: Log): Checkpoint | undefined {
  let seen: Checkpoint;
  try {
    seen = readCheckpoint(note, parseVerifierKey(log.verifierKey, log.origin), "the state's checkpoint");
  } catch (error) {
    if (error instanceof IngotError) return undefined;
    throw error;
  }
  const { size } = log.checkpoint();
  const continues = seen.size <= size && rootOf(log, seen.size).equals(seen.root);
  if (continues) return seen;
  // Signed by the log's own key: not damage, but another history.
  throw new IngotError(
    "log-forked",
    `the log in ${log.folder} has ${size} entries and does not continue its own checkpoint of ${seen.size} entries, which the state was made from`,
    {
      hint: "an older copy of the log was put in place: restore the newest one; to go on with this one on purpose, take the state file away",
    },
  );
}

function rootOf(log: Log, size: number): Buffer {
  return size === 0 ? emptyRoot : rootAt(treeReader(log.folder, log.checkpoint().size, makeTileCache()), size);
}

/** Beside its place, without any journal, and then renamed: fast, and never half there. */
function rebuild(source: StateSource): OpenDatabase {
  const { path, fold, log, events } = source;
  const fresh = `${path}.new`;
  removeDatabase(fresh);
  makePrivate(fresh);
  const database = makeState(fresh, fold);
  try {
    database.begin();
    applyAll(database, fold, events(0));
    writeMark(database, fold, log.checkpoint());
    database.commit();
  } finally {
    database.close();
  }
  sync(fresh);
  removeDatabase(path);
  renameSync(fresh, path);
  syncFolder(dirname(path));
  return openDatabase(path, "keep");
}

/** With what SQLite keeps beside it. */
function removeDatabase(path: string): void {
  for (const end of ["", "-wal", "-shm", "-journal"]) rmSync(`${path}${end}`, { force: true });
}

/** State holds names and addresses of people. */
function makePrivate(path: string): void {
  closeSync(openSync(path, "wx", 0o600));
  chmodSync(path, 0o600);
}

function sync(path: string): void {
  const file = openSync(path, "r+");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Damaged, or not made by this program: either way it can be made anew. */
function isUseless(error: unknown): boolean {
  // 1 is SQLITE_ERROR: a table or column is not there.
  return isDatabaseDamaged(error) || (error instanceof Error && "errcode" in error && error.errcode === 1);
}
