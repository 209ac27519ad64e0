/** A value that SQLite keeps. */
export type SqlValue = string | number | bigint | null | Uint8Array;

export type Row = Readonly<Record<string, SqlValue>>;

/** The state, as SQL. Statements are prepared once each, by their text. Synchronous: nothing else happens between two calls. */
export type Database = {
  readonly run: (sql: string, ...values: readonly SqlValue[]) => void;
  /** The first row, or undefined. */
  readonly get: <T extends Row = Row>(sql: string, ...values: readonly SqlValue[]) => T | undefined;
  readonly all: <T extends Row = Row>(sql: string, ...values: readonly SqlValue[]) => readonly T[];
};
