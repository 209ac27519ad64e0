import assert from "node:assert/strict";
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { IngotError } from "../ground/error.ts";
import type { NumberedEvent } from "./event.ts";
import type { Ledger } from "./ledger.ts";
import { accounts, makeFolder, makeKey, moveOf, openTestLedger } from "./ledger.fixture.ts";
import type { Cosign } from "./log/cosign.ts";
import { openLedger } from "./open-ledger.ts";
import { verifyState } from "./verify/verify-state.ts";

function places(t: Parameters<typeof makeFolder>[0]) {
  return { folder: join(makeFolder(t), "events"), key: makeKey() };
}

function balanceOf(ledger: Ledger, name: string): number | undefined {
  return ledger.state.get<{ balance: number }>("SELECT balance FROM account WHERE name = ?", name)?.balance;
}

async function move(ledger: Ledger, name: string, amount: number) {
  return ledger.transact(() => ({ events: [moveOf(name, amount)], result: name }));
}

test("what was decided is on the record, numbered, timed and in the state", async (t) => {
  const ledger = await openTestLedger(t, { ...places(t), now: () => new Date("2026-01-02T03:04:05.678Z") });
  const heard: NumberedEvent[] = [];
  ledger.subscribe((event) => heard.push(event));
  const { result, events, checkpoint } = await ledger.transact((_, next) => ({
    events: [moveOf("a", 5), moveOf("b", 7)],
    result: next,
  }));
  assert.equal(result, 0);
  assert.deepEqual(
    events.map(({ index, time, type }) => [index, time, type]),
    [
      [0, "2026-01-02T03:04:05.678Z", "account.moved"],
      [1, "2026-01-02T03:04:05.678Z", "account.moved"],
    ],
  );
  assert.deepEqual(heard, events);
  assert.deepEqual([...ledger.events()], events);
  assert.deepEqual(ledger.event(1), events[1]);
  assert.equal(checkpoint.size, 2);
  assert.equal(balanceOf(ledger, "b"), 7);
});

test("transactions at the same time are decided one after the other, each on what the one before left", async (t) => {
  const ledger = await openTestLedger(t, places(t));
  const numbers = await Promise.all(
    Array.from({ length: 300 }, async () =>
      ledger.transact((state, next) => {
        const balance = state.get<{ balance: number }>("SELECT balance FROM account WHERE name = 'a'")?.balance ?? 0;
        return { events: [moveOf("a", 1)], result: [balance, next] };
      }),
    ),
  );
  assert.deepEqual(
    numbers.map(({ result }) => result),
    numbers.map((_, at) => [at, at]),
  );
  assert.deepEqual(
    numbers.map(({ events }) => events[0]?.index),
    numbers.map((_, at) => at),
  );
});

test("when deciding or folding fails, nothing happened", async (t) => {
  const ledger = await openTestLedger(t, places(t));
  await move(ledger, "a", 5);
  await assert.rejects(
    ledger.transact(() => {
      throw new Error("no");
    }),
    { message: "no" },
  );
  await assert.rejects(
    ledger.transact(() => ({ events: [moveOf("a", 100), moveOf("unfoldable", 1)], result: 0 })),
    { message: "this cannot be folded" },
  );
  assert.equal(balanceOf(ledger, "a"), 5);
  assert.equal(ledger.log.checkpoint().size, 1);
  await move(ledger, "a", 1);
  assert.equal(balanceOf(ledger, "a"), 6);
});

test("nobody changes state but by an event", async (t) => {
  const ledger = await openTestLedger(t, places(t));
  await move(ledger, "a", 5);
  assert.throws(() => ledger.state.run("DELETE FROM account"), { code: "internal-error" });
  assert.throws(() => ledger.state.get("DELETE FROM account RETURNING name"), /readonly/);
  const cheat = ledger.transact((state) => ({
    events: [],
    result: state.all("UPDATE account SET balance = 0 RETURNING name"),
  }));
  await assert.rejects(cheat, /readonly/);
  assert.equal(balanceOf(ledger, "a"), 5);
});

test("an event that is no canonical JSON, or too large, is refused before anything happened", async (t) => {
  const ledger = await openTestLedger(t, places(t));
  const refuse = async (data: Record<string, unknown>, code: string) =>
    assert.rejects(
      ledger.transact(() => ({ events: [{ actor: "user:a", type: "account.moved", data }], result: 0 })),
      { code },
    );
  for (const value of [Number.NaN, 1n, new Date(), () => 0, "\ud800", [undefined], new Map()])
    await refuse({ name: "a", amount: 1, value }, "event-malformed");
  await refuse({ name: "a", amount: 1, value: "x".repeat(70_000) }, "log-entry-too-large");
  assert.equal(ledger.log.checkpoint().size, 0);
  assert.deepEqual(ledger.state.all("SELECT * FROM account"), []);
});

test("time does not go back when the clock does, nor over a restart", async (t) => {
  const place = places(t);
  let time = Date.parse("2026-06-01T00:00:00Z");
  const now = () => new Date(time);
  const ledger = await openTestLedger(t, { ...place, now });
  await move(ledger, "a", 1);
  time -= 86_400_000;
  await move(ledger, "a", 1);
  assert.equal(ledger.now().toISOString(), "2026-06-01T00:00:00.000Z");
  await ledger.close();
  const again = await openTestLedger(t, { ...place, now });
  await move(again, "a", 1);
  assert.deepEqual(
    [...again.events()].map((event) => event.time),
    Array.from({ length: 3 }, () => "2026-06-01T00:00:00.000Z"),
  );
});

test("state is kept over a restart, brought up to date where it is behind, and made anew where it is of no use", async (t) => {
  const place = places(t);
  const path = join(place.folder, "../state.db");
  const first = await openTestLedger(t, place);
  await move(first, "a", 1);
  await first.close();
  assert.equal(statSync(path).mode & 0o777, 0o600);
  copyFileSync(path, `${path}.older`);
  const kept = statSync(path).ino;
  const second = await openTestLedger(t, place);
  assert.equal(statSync(path).ino, kept);
  await move(second, "a", 2);
  await second.close();
  const spoil: Record<string, () => void> = {
    behind: () => copyFileSync(`${path}.older`, path),
    missing: () => rmSync(path),
    "no database": () => writeFileSync(path, "nonsense".repeat(1000)),
    empty: () => writeFileSync(path, ""),
    "damaged in its first page": () => {
      const bytes = readFileSync(path);
      bytes.fill(0xff, 100, 400);
      writeFileSync(path, bytes);
    },
  };
  for (const [how, work] of Object.entries(spoil)) {
    work();
    const ledger = await openTestLedger(t, place);
    assert.equal(balanceOf(ledger, "a"), 3, how);
    await ledger.close();
    assert.deepEqual(
      verifyState({ folder: place.folder, fold: accounts, verifierKey: ledger.log.verifierKey }).findings,
      [],
      how,
    );
  }
});

test("where there can be no state file, the ledger is not opened, and says which disk", async (t) => {
  const place = places(t);
  mkdirSync(join(place.folder, "../state.db"), { recursive: true });
  await assert.rejects(openTestLedger(t, place), {
    code: "log-write-failed",
    message: /the ledger's state: unable to open/,
  });
});

test("state that another version of the fold made is made anew", async (t) => {
  const place = places(t);
  const ledger = await openTestLedger(t, place);
  await move(ledger, "a", 1);
  await ledger.close();
  const version = "accounts 2";
  const tables = ["CREATE TABLE total (id INTEGER PRIMARY KEY, sum INTEGER NOT NULL, event INTEGER NOT NULL)"];
  const apply: typeof accounts.apply = (state, { index }) => state.run("INSERT INTO total VALUES (1, 10, ?)", index);
  const other = await openLedger({ ...place, now: () => new Date(), fold: { version, tables, apply } });
  assert.equal(other.state.get("SELECT sum FROM total")?.sum, 10);
  await other.close();
});

test("a log that does not continue what the state has seen is refused", async (t) => {
  const place = places(t);
  const ledger = await openTestLedger(t, place);
  await move(ledger, "a", 1);
  await ledger.close();
  cpSync(place.folder, `${place.folder}.older`, { recursive: true });
  const later = await openTestLedger(t, place);
  await move(later, "a", 2);
  await later.close();
  // Attack: an older copy of the log in its place, so that what came after was never said.
  rmSync(place.folder, { recursive: true });
  cpSync(`${place.folder}.older`, place.folder, { recursive: true });
  await assert.rejects(openTestLedger(t, place), { code: "log-forked" });
  // Another history of the same length by the same key.
  rmSync(join(place.folder, "../state.db"));
  const forked = await openTestLedger(t, place);
  await move(forked, "a", 900);
  await forked.close();
  const state = readFileSync(join(place.folder, "../state.db"));
  rmSync(place.folder, { recursive: true });
  cpSync(`${place.folder}.older`, place.folder, { recursive: true });
  rmSync(join(place.folder, "../state.db"));
  const honest = await openTestLedger(t, place);
  await move(honest, "a", 2);
  await honest.close();
  writeFileSync(join(place.folder, "../state.db"), state);
  await assert.rejects(openTestLedger(t, place), { code: "log-forked" });
});

test("an older checkpoint in place of the newest one is found out before anything is taken away, also by the state of another release", async (t) => {
  const place = places(t);
  const checkpoint = join(place.folder, "checkpoint");
  const ledger = await openTestLedger(t, place);
  await move(ledger, "a", 1);
  const older = readFileSync(checkpoint);
  for (let amount = 2; amount <= 300; amount += 1) void move(ledger, "a", amount);
  await move(ledger, "a", 301);
  await ledger.close();
  const newest = readFileSync(checkpoint);
  writeFileSync(checkpoint, older);
  const other = { ...accounts, version: "accounts 2" };
  for (const fold of [accounts, other])
    await assert.rejects(openLedger({ ...place, fold, now: () => new Date() }), { code: "log-forked" });
  writeFileSync(checkpoint, newest);
  const again = await openTestLedger(t, place);
  assert.equal([...again.events()].length, 301);
  assert.deepEqual(verifyState({ ...place, fold: accounts }).findings, []);
});

test("while it closes nothing new is decided", async (t) => {
  const ledger = await openTestLedger(t, places(t));
  const before = move(ledger, "a", 1);
  const closing = ledger.close();
  await assert.rejects(move(ledger, "a", 2), /the ledger is closed/);
  assert.equal(balanceOf(ledger, "a"), 1);
  await Promise.all([before, closing]);
});

test("the state is private, and a second controller on it is refused", async (t) => {
  const place = places(t);
  await openTestLedger(t, place);
  await assert.rejects(openTestLedger(t, place), { code: "locked-by-another" });
});

test("a failed append takes its events out of the state, with all that were decided after them", async (t) => {
  const place = places(t);
  let fails = false;
  const cosign: Cosign = async (note) => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (fails) throw new IngotError("witness-unreachable", "no witness could be connected to");
    return note;
  };
  const ledger = await openTestLedger(t, { ...place, cosign });
  await move(ledger, "a", 1);
  fails = true;
  const heard: NumberedEvent[] = [];
  ledger.subscribe((event) => heard.push(event));
  const first = move(ledger, "a", 10);
  await new Promise((resolve) => setTimeout(resolve, 2));
  // Decided while the first is on its way, and on the ground of it.
  const second = move(ledger, "a", 100);
  assert.equal(balanceOf(ledger, "a"), 111);
  const read = ledger.transact((state) => ({ events: [], result: state.get("SELECT balance FROM account") }));
  const settled = ledger.settled();
  for (const promise of [first, second, read, settled]) await assert.rejects(promise, { code: "witness-unreachable" });
  assert.equal(balanceOf(ledger, "a"), 1);
  assert.deepEqual(heard, []);
  fails = false;
  const { events } = await move(ledger, "a", 1000);
  assert.equal(events[0]?.index, 1);
  assert.equal(balanceOf(ledger, "a"), 1001);
  await ledger.close();
  assert.deepEqual(verifyState({ folder: place.folder, fold: accounts }).findings, []);
});

test("what a witness may have seen becomes an event before anything else is decided", async (t) => {
  const place = places(t);
  let fails = false;
  const cosign: Cosign = async (note) => {
    if (fails) throw new Error("the answer did not arrive");
    return note;
  };
  const ledger = await openTestLedger(t, { ...place, cosign });
  await move(ledger, "a", 1);
  fails = true;
  await assert.rejects(move(ledger, "a", 10), /the answer did not arrive/);
  assert.equal(balanceOf(ledger, "a"), 1);
  await assert.rejects(move(ledger, "a", 100), /the answer did not arrive/);
  fails = false;
  const heard: NumberedEvent[] = [];
  ledger.subscribe((event) => heard.push(event));
  const { result } = await ledger.transact((state, next) => ({
    events: [moveOf("a", 1000)],
    result: [state.get("SELECT balance FROM account")?.balance, next],
  }));
  assert.deepEqual(result, [11, 2]);
  assert.deepEqual(
    heard.map(({ index }) => index),
    [1, 2],
  );
  assert.equal(balanceOf(ledger, "a"), 1011);
  await ledger.close();
  assert.deepEqual(verifyState({ folder: place.folder, fold: accounts }).findings, []);
});

test("what only reads waits until what it read is durable, and has no event", async (t) => {
  const ledger = await openTestLedger(t, places(t));
  const written = move(ledger, "a", 1);
  const { events, checkpoint, result } = await ledger.transact((state) => ({
    events: [],
    result: state.get("SELECT balance FROM account")?.balance,
  }));
  assert.deepEqual([events, checkpoint.size, result], [[], 1, 1]);
  await written;
});

test("under constant load the state is committed now and then, and complete at the end", async (t) => {
  const place = places(t);
  const ledger = await openTestLedger(t, place);
  let left = 5_500;
  const worker = async (): Promise<void> => {
    while (left-- > 0) await move(ledger, `a${left % 7}`, 1);
  };
  await Promise.all(Array.from({ length: 64 }, worker));
  assert.equal(ledger.state.get("SELECT sum(balance) AS sum FROM account")?.sum, 5_500);
  await ledger.close();
  assert.ok(!existsSync(join(place.folder, "../state.db-wal")));
  const { findings, behind, size } = verifyState({ folder: place.folder, fold: accounts });
  assert.deepEqual([findings, behind, size], [[], 0, 5_500]);
});
