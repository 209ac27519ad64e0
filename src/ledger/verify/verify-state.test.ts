import assert from "node:assert/strict";
import { copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import type { Ledger } from "../ledger.ts";
import { accounts, makeFolder, makeKey, moveOf, openTestLedger, pick } from "../ledger.fixture.ts";
import { compare } from "../../ground/compare.ts";
import { openDatabase } from "../projection/sqlite.ts";
import { verifyState } from "./verify-state.ts";

type Closed = { readonly folder: string; readonly state: string; readonly verifierKey?: string };

async function makeLedger(t: TestContext, use: (ledger: Ledger) => Promise<void> = fillLedger): Promise<Closed> {
  const folder = join(makeFolder(t), "events");
  const ledger = await openTestLedger(t, { folder, key: makeKey() });
  await use(ledger);
  await ledger.close();
  return { folder, state: join(dirname(folder), "state.db"), verifierKey: ledger.log.verifierKey };
}

async function fillLedger(ledger: Ledger): Promise<void> {
  for (let at = 0; at < 40; at++)
    await ledger.transact(() => ({ events: [moveOf(`name ${at % 25}`, at + 1, "remark ".repeat(at % 9))], result: 0 }));
}

function change(state: string, sql: string): void {
  const database = openDatabase(state, "keep");
  database.execute(sql);
  database.close();
}

/** The findings after a change. */
function findAfter(closed: Closed, sql: string) {
  const copy = readFileSync(closed.state);
  change(closed.state, sql);
  const { findings } = verifyState({ ...closed, fold: accounts });
  writeFileSync(closed.state, copy);
  return findings;
}

test("a state that follows from its log has no finding, also while it is open", async (t) => {
  const closed = await makeLedger(t, async (ledger) => {
    await fillLedger(ledger);
    const { findings, size } = verifyState({ folder: ledger.log.folder, fold: accounts });
    assert.deepEqual([findings, size], [[], 40]);
  });
  const { findings, behind, size, rows } = verifyState({ ...closed, fold: accounts });
  assert.deepEqual([findings, behind, size, rows], [[], 0, 40, 65]);
});

test("a row that was altered, added or taken away is named with its key and its event", async (t) => {
  const closed = await makeLedger(t);
  assert.deepEqual(findAfter(closed, "UPDATE account SET balance = 1000 WHERE name = 'name 3'"), [
    { table: "account", key: { name: "name 3" }, event: 28, problem: "altered: balance" },
  ]);
  assert.deepEqual(findAfter(closed, "DELETE FROM account WHERE name = 'name 20'"), [
    { table: "account", key: { name: "name 20" }, event: 20, problem: "the row is missing" },
  ]);
  assert.deepEqual(findAfter(closed, "INSERT INTO account VALUES ('mallory', 9, NULL, 7)"), [
    { table: "account", key: { name: "mallory" }, event: 7, problem: "no event makes this row" },
  ]);
  assert.deepEqual(
    findAfter(closed, "UPDATE account SET note = x'72656d61726b20' WHERE name = 'name 1' AND note = 'remark '"),
    [],
  );
  const typed = findAfter(closed, "UPDATE account SET note = CAST(note AS BLOB) WHERE name = 'name 24'");
  assert.deepEqual(typed, [{ table: "account", key: { name: "name 24" }, event: 24, problem: "altered: note" }]);
});

test("tables that were defined anew, added or dropped are named", async (t) => {
  const closed = await makeLedger(t);
  const named = (sql: string) => findAfter(closed, sql).map(({ table }) => table);
  assert.deepEqual(named("DROP INDEX move_name"), ["move_name"]);
  assert.deepEqual(named("CREATE TABLE extra (x INTEGER)"), ["extra"]);
  assert.deepEqual(named("CREATE TRIGGER cheat AFTER INSERT ON move BEGIN DELETE FROM account; END"), ["cheat"]);
  assert.deepEqual(
    named("DROP TABLE move").toSorted((a = "", b = "") => compare(a, b)),
    ["move", "move_name"],
  );
});

test("a mark of another checkpoint, fold or key is found", async (t) => {
  const closed = await makeLedger(t);
  const problems = (sql: string) => findAfter(closed, sql).map(({ problem }) => problem);
  assert.match(problems("UPDATE ingot_state SET version = 'x'")[0] ?? "", /made by version x of its tables/);
  assert.match(problems("UPDATE ingot_state SET note = replace(note, '40', '39')")[0] ?? "", /does not fit its text/);
  assert.match(problems("DELETE FROM ingot_state")[0] ?? "", /does not say what it was folded from/);
  // Without the key, the log's own tree still tells.
  const keyless = { folder: closed.folder, state: closed.state };
  const renumber = "UPDATE ingot_state SET note = replace(note, char(10) || '40', char(10) || '39')";
  const found = findAfter(keyless, renumber);
  assert.match(found[0]?.problem ?? "", /folded from another log, of 39 entries/);
});

test("a state that lacks the newest events is behind, which is no finding", async (t) => {
  const [folder, key] = [join(makeFolder(t), "events"), makeKey()];
  const older = `${folder}.older`;
  for (const isLast of [false, true]) {
    const ledger = await openTestLedger(t, { folder, key });
    await ledger.transact(() => ({ events: [moveOf("a", 1), moveOf("b", 1)], result: 0 }));
    await ledger.close();
    if (!isLast) copyFileSync(join(dirname(folder), "state.db"), older);
  }
  const { findings, behind, size } = verifyState({ folder, fold: accounts, path: older });
  assert.deepEqual([findings, behind, size], [[], 2, 2]);
});

test("a state that is missing or no database is found, and not an error", async (t) => {
  const closed = await makeLedger(t);
  writeFileSync(closed.state, "nonsense".repeat(1000));
  assert.match(verifyState({ ...closed, fold: accounts }).findings[0]?.problem ?? "", /SQLite cannot read the file/);
  rmSync(closed.state);
  assert.match(verifyState({ ...closed, fold: accounts }).findings[0]?.problem ?? "", /there is no state file/);
});

/** All that can be asked of a state, as text; undefined where asking fails. */
function contentOf(path: string): string | undefined {
  try {
    const database = openDatabase(path, "keep");
    try {
      const tables = ["account", "move", "ingot_state", "sqlite_schema"];
      const rows = tables.map((table) => database.all(`SELECT * FROM ${table} NOT INDEXED`));
      const indexed = database.all("SELECT name FROM move INDEXED BY move_name WHERE name > '' ORDER BY name");
      database.execute("CREATE TABLE probe (x); DROP TABLE probe");
      return JSON.stringify([rows, indexed]);
    } finally {
      database.close();
    }
  } catch {
    return undefined;
  }
}

test("a byte changed anywhere in the file is found, or changes nothing that anybody can read", async (t) => {
  const closed = await makeLedger(t);
  const bytes = readFileSync(closed.state);
  const before = contentOf(closed.state);
  writeFileSync(closed.state, bytes);
  const places = [...Array(100).keys(), ...Array.from({ length: 120 }, (_, at) => pick(`place ${at}`, bytes.length))];
  let found = 0;
  for (const at of places) {
    const altered = Buffer.from(bytes);
    altered[at] = (altered[at] ?? 0) ^ (1 << pick(`bit ${at}`, 8));
    writeFileSync(closed.state, altered);
    if (verifyState({ ...closed, fold: accounts }).findings.length > 0) found += 1;
    else assert.equal(contentOf(closed.state), before, `byte ${at} of ${bytes.length}`);
    rmSync(`${closed.state}-wal`, { force: true });
    rmSync(`${closed.state}-shm`, { force: true });
  }
  assert.ok(found > 20, `${found} were found`);
});
