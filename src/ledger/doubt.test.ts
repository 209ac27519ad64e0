import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { accounts, makeFolder, makeKey, moveOf, openTestLedger } from "./ledger.fixture.ts";
import { verifyState } from "./verify/verify-state.ts";

test("whoever comes while a log that was in doubt grows is decided on what it has grown to, and nothing happens twice", async (t) => {
  const folder = join(makeFolder(t), "events");
  let asked = 0;
  const cosign = async (note: string): Promise<string> => {
    asked += 1;
    // Two questions of three stay without an answer.
    if (asked % 3 === 0) return note;
    await setImmediate();
    throw new Error("the answer did not arrive");
  };
  const ledger = await openTestLedger(t, { folder, key: makeKey(), cosign });
  const told: number[] = [];
  ledger.subscribe(({ index }) => told.push(index));
  const work: Promise<unknown>[] = [];
  for (let at = 0; at < 5000 && ledger.log.checkpoint().size < 20; at += 1) {
    const decided = ledger.transact((_, next) => ({ events: [moveOf(`a${at}`, 1)], result: next }));
    // It may be refused; where it is not, it is where it was said to be.
    const checked = decided.then(({ result }) => assert.equal(ledger.event(result).data.name, `a${at}`));
    work.push(checked.catch((error: unknown) => assert.match(String(error), /the answer did not arrive/)));
    for (let turns = 0; turns < at % 4; turns += 1) {
      await setImmediate();
      // There is no moment between the two: who came in it would be decided on what is over.
      assert.equal(told.length, ledger.log.checkpoint().size);
    }
  }
  await Promise.all(work);
  const { size } = ledger.log.checkpoint();
  assert.ok(size >= 20, `${size} events`);
  assert.equal(ledger.state.get("SELECT count(*) AS n FROM move")?.n, size);
  assert.deepEqual(
    told,
    Array.from({ length: size }, (_, index) => index),
  );
  await ledger.close();
  assert.deepEqual(verifyState({ folder, fold: accounts }).findings, []);
});
