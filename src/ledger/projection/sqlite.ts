import { existsSync } from "node:fs";
import { freemem } from "node:os";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { IngotError } from "../../ground/error.ts";
import type { Database, Row, SqlValue } from "./database.ts";

/** A database and what its owner may do with it. */
export type OpenDatabase = Database & {
  /** Several statements, without results. */
  readonly execute: (sql: string) => void;
  readonly begin: () => void;
  readonly commit: () => void;
  readonly rollback: () => void;
  readonly isInTransaction: () => boolean;
  /** Runs `work`; what it changed is undone when it throws. Within a transaction. */
  readonly attempt: <T>(work: () => T) => T;
  /** From here on every statement that would change something fails, or again may: whoever only reads cannot change what the log does not say. */
  readonly allowChanges: (isAllowed: boolean) => void;
  /** What SQLite finds wrong in the file; empty when nothing. */
  readonly findDamage: () => readonly string[];
  readonly close: () => void;
};

/**
 * Opens an SQLite file, or `:memory:`. `mode`: `keep` survives a crash at any moment as of some commit; `scratch` is fast and of no use after a crash; `read` only
 * reads.
 */
export function openDatabase(path: string, mode: "keep" | "scratch" | "read" = "scratch"): OpenDatabase {
  const database = new DatabaseSync(mode === "read" ? readAddress(path) : path, { timeout: 5000 });
  try {
    database.exec(settings[mode]);
    if (mode === "scratch") database.exec(`PRAGMA cache_size = -${scratchCache()}`);
  } catch (error) {
    database.close();
    throw error;
  }
  return wrap(database);
}

/** As `openDatabase` and `ATTACH` take it: nothing is changed, not even where the disk is read-only. */
export function readAddress(path: string): string {
  const { href } = pathToFileURL(path);
  // Without a log beside it nobody has it open for writing; SQLite would still want to make one.
  return existsSync(`${path}-wal`) ? `${href}?mode=ro` : `${href}?mode=ro&immutable=1`;
}

/** Whether an error says that the file is damaged or no database. */
export function isDatabaseDamaged(error: unknown): boolean {
  // SQLITE_CORRUPT and SQLITE_NOTADB; the rest of the number says which kind.
  return isDatabaseError(error) && [11, 26].includes(error.errcode & 0xff);
}

export function isDatabaseError(error: unknown): error is Error & { readonly errcode: number } {
  return error instanceof Error && "errcode" in error && typeof error.errcode === "number";
}

/** What was deleted is overwritten with zeroes, so that nothing lives on in a part of the file that no query shows. */
const settings = {
  keep: "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON; PRAGMA cache_size = -65536;",
  scratch: "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA secure_delete = ON;",
  read: "PRAGMA query_only = ON;",
} as const;

/** KiB. Digests come in no order, so that folding a long past touches all pages again and again: with too few of them at hand it takes four times as long. No more than the file is ever used. */
function scratchCache(): number {
  const quarter = Math.floor(freemem() / 4 / 1024);
  return Math.min(1 << 20, Math.max(1 << 16, quarter));
}

function wrap(database: DatabaseSync): OpenDatabase {
  const statements = new Map<string, StatementSync>();
  const prepare = (sql: string): StatementSync => {
    let statement = statements.get(sql);
    if (statement === undefined) {
      statement = database.prepare(sql);
      statements.set(sql, statement);
    }
    return statement;
  };
  const run = (sql: string, ...values: readonly SqlValue[]): void => {
    for (const value of values) assertReadable(value);
    prepare(sql).run(...values);
  };
  return {
    run,
    get: <T extends Row>(sql: string, ...values: readonly SqlValue[]) => prepare(sql).get(...values) as T | undefined,
    all: <T extends Row>(sql: string, ...values: readonly SqlValue[]) =>
      prepare(sql).all(...values) as readonly Row[] as readonly T[],
    execute: (sql) => database.exec(sql),
    begin: () => run("BEGIN"),
    commit: () => run("COMMIT"),
    rollback: () => run("ROLLBACK"),
    isInTransaction: () => database.isTransaction,
    attempt: (work) => {
      run("SAVEPOINT attempt");
      try {
        const result = work();
        run("RELEASE attempt");
        return result;
      } catch (error) {
        // A full disk may have ended the whole transaction already.
        if (database.isTransaction) {
          run("ROLLBACK TO attempt");
          run("RELEASE attempt");
        }
        throw error;
      }
    },
    // Not prepared once: SQLite sets such a flag when it compiles the statement, not when it runs it.
    allowChanges: (isAllowed) => database.exec(isAllowed ? "PRAGMA query_only = OFF" : "PRAGMA query_only = ON"),
    findDamage: () =>
      prepare("PRAGMA integrity_check(20)")
        .all()
        .map(({ integrity_check: line }) => String(line))
        .filter((line) => line !== "ok"),
    close: () => database.close(),
  };
}

/** SQLite would keep it as a whole number that cannot be read as one of JavaScript any more: every query of its row would fail from then on. */
function assertReadable(value: SqlValue): void {
  if (typeof value !== "number" || !Number.isInteger(value) || Number.isSafeInteger(value)) return;
  throw new IngotError("event-malformed", `the state cannot hold the number ${value}`, {
    hint: "whole numbers are exact up to 9007199254740991",
  });
}
