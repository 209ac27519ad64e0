import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { accounts, makeFolder, makeKey, moveOf, openTestLedger } from "./ledger.fixture.ts";
import { replayState } from "./replay.ts";

test("the state of any past moment is replayed, also beside the living ledger", async (t) => {
  const folder = join(makeFolder(t), "events");
  let time = Date.parse("2026-01-01T00:00:00Z");
  const ledger = await openTestLedger(t, { folder, key: makeKey(), now: () => new Date(time) });
  for (let day = 0; day < 40; day++) {
    await ledger.transact(() => ({ events: [moveOf("a", 1)], result: 0 }));
    time += 86_400_000;
  }
  const balanceAt = (until: string) => {
    const state = replayState({ folder, fold: accounts, until: new Date(until) });
    const row = state.get<{ balance: number }>("SELECT balance FROM account");
    assert.throws(() => state.run("DELETE FROM account"), /readonly/);
    state.close();
    return row?.balance;
  };
  assert.equal(balanceAt("2025-12-31T23:59:59.999Z"), undefined);
  assert.equal(balanceAt("2026-01-01T00:00:00Z"), 1);
  assert.equal(balanceAt("2026-01-10T12:00:00Z"), 10);
  assert.equal(balanceAt("2027-01-01T00:00:00Z"), 40);
});

test("where there is no log, there is no past", (t) => {
  const folder = join(makeFolder(t), "none");
  assert.throws(() => replayState({ folder, fold: accounts, until: new Date() }), { code: "log-missing" });
});
