import type { Row, SqlValue } from "../projection/database.ts";
import type { OpenDatabase } from "../projection/sqlite.ts";
import { markTable } from "../projection/state.ts";
import type { StateFinding } from "./state-finding.ts";

/** At most this many findings of one table: after that it is another table. */
const mostFindings = 100;

/** Compares every table of a state as it should be with those of the file at `address`, row by row. */
export function compareTables(
  expected: OpenDatabase,
  address: string,
): { rows: number; findings: readonly StateFinding[] } {
  expected.execute("PRAGMA query_only = OFF; PRAGMA trusted_schema = OFF");
  expected.run("ATTACH ? AS found", address);
  const findings: StateFinding[] = [...compareSchemas(expected)];
  let rows = 0;
  for (const table of tablesOf(expected)) {
    rows += Number(expected.get(`SELECT count(*) AS n FROM main.${quote(table)}`)?.n ?? 0);
    // A table that is not there has been noted.
    if (isThere(expected, table)) findings.push(...compareRows(expected, table));
  }
  expected.run("DETACH found");
  return { rows, findings };
}

function compareSchemas(database: OpenDatabase): readonly StateFinding[] {
  const select = (schema: string) => `SELECT type, name, tbl_name, sql FROM ${schema}.sqlite_schema`;
  const describe = (problem: string) => (row: Row) => ({ table: String(row.name), problem });
  return [
    ...database.all(`${select("main")} EXCEPT ${select("found")}`).map(describe("is missing or was defined anew")),
    ...database.all(`${select("found")} EXCEPT ${select("main")}`).map(describe("is not what the state has")),
  ];
}

function tablesOf(database: OpenDatabase): readonly string[] {
  const tables = database.all<{ name: string }>(
    "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name <> ? ORDER BY name",
    markTable,
  );
  return tables.map(({ name }) => name);
}

function isThere(database: OpenDatabase, table: string): boolean {
  const same =
    "SELECT sql FROM main.sqlite_schema WHERE name = ? INTERSECT SELECT sql FROM found.sqlite_schema WHERE name = ?";
  return database.get(same, table, table) !== undefined;
}

type Column = { readonly name: string; readonly pk: number };

/** Rows that only one side has; of one key, they are one row that was altered. */
function compareRows(database: OpenDatabase, table: string): readonly StateFinding[] {
  const columns = database.all<Column>("SELECT name, pk FROM pragma_table_info(?, 'main')", table);
  const keys = columns.filter(({ pk }) => pk > 0).map(({ name }) => name);
  const difference = (from: string, without: string) =>
    database.all(
      `${selectRows(from, table, columns)} EXCEPT ${selectRows(without, table, columns)} LIMIT ${mostFindings}`,
    );
  const missing = byKey(difference("main", "found"), keys);
  const extra = byKey(difference("found", "main"), keys);
  return [...new Set([...missing.keys(), ...extra.keys()])].map((key) =>
    describeRow({ table, keys, columns }, missing.get(key), extra.get(key)),
  );
}

/** With the type of each value: SQL takes 1 and 1.0 for the same. An index, which could hide what was altered, is not used. */
function selectRows(schema: string, table: string, columns: readonly Column[]): string {
  const types = columns.map(({ name }, at) => `typeof(${quote(name)}) AS ${quote(`type ${at}`)}`);
  return `SELECT ${[...columns.map(({ name }) => quote(name)), ...types].join(", ")} FROM ${schema}.${quote(table)} NOT INDEXED`;
}

type Shape = { readonly table: string; readonly keys: readonly string[]; readonly columns: readonly Column[] };

function describeRow({ table, keys, columns }: Shape, expected: Row | undefined, found: Row | undefined): StateFinding {
  const row = expected ?? found ?? {};
  const key = Object.fromEntries(keys.map((name) => [name, row[name] ?? null]));
  const event = Number(row.event ?? 0);
  if (found === undefined) return { table, key, event, problem: "the row is missing" };
  if (expected === undefined) return { table, key, event, problem: "no event makes this row" };
  const changed = columns.map(({ name }) => name).filter((name) => !isSame(expected[name], found[name]));
  return { table, key, event, problem: `altered: ${changed.join(", ") || "the type of a value"}` };
}

function byKey(rows: readonly Row[], keys: readonly string[]): ReadonlyMap<string, Row> {
  return new Map(rows.map((row) => [JSON.stringify(keys.map((name) => show(row[name]))), row]));
}

function isSame(a: SqlValue | undefined, b: SqlValue | undefined): boolean {
  return show(a) === show(b);
}

function show(value: SqlValue | undefined): string {
  if (value instanceof Uint8Array) return `x'${Buffer.from(value).toString("hex")}'`;
  return `${typeof value} ${value}`;
}

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
