import assert from "node:assert/strict";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fillDisk, mountDisk } from "../../../test/support/small-disk.ts";
import { IngotError } from "../../ground/error.ts";
import { mount, mountFlags, unmount } from "../../ground/libc.ts";
import { makeEntries, makeKey, moveOf, openTestLedger, openTestLog, accounts } from "../ledger.fixture.ts";
import { verifyLog } from "../verify/verify-log.ts";
import { verifyState } from "../verify/verify-state.ts";
import { openLog } from "./open-log.ts";

const ignoreEntry = () => undefined;

function assertWriteFailed(error: unknown, why: RegExp): true {
  assert.ok(error instanceof IngotError, String(error));
  assert.equal(error.code, "log-write-failed");
  assert.match(error.message, why);
  assert.match(error.hint ?? "", /what was acknowledged before is safe, this was not recorded/);
  return true;
}

test("a full disk fails an append and nothing else: with space again, the same log goes on", async (t) => {
  const disk = mountDisk(t, "2m");
  if (disk === undefined) return;
  const [folder, key] = [join(disk, "events"), makeKey()];
  const log = await openTestLog(t, { folder, key });
  await log.append(makeEntries(100));
  const filler = fillDisk(disk);
  const large = [Buffer.alloc(60_000)];
  await assert.rejects(log.append(large), (error) => assertWriteFailed(error, /no space is left on its disk/));
  assert.equal(log.checkpoint().size, 100);
  assert.deepEqual([...log.readEntries(0)], makeEntries(100));
  assert.deepEqual(verifyLog({ folder, verifierKey: log.verifierKey, checkEntry: ignoreEntry }).findings, []);
  rmSync(filler);
  await log.append(makeEntries(200, 100));
  assert.deepEqual([...log.readEntries(0)], makeEntries(300));
  await log.close();
  const again = await openTestLog(t, { folder, key });
  assert.equal(again.checkpoint().size, 300);
  assert.deepEqual(verifyLog({ folder, verifierKey: log.verifierKey, checkEntry: ignoreEntry }).findings, []);
});

test("a disk that becomes read-only fails appends and leaves what can be read", async (t) => {
  const disk = mountDisk(t, "2m");
  if (disk === undefined) return;
  const [folder, key] = [join(disk, "events"), makeKey()];
  const log = await openTestLog(t, { folder, key });
  await log.append(makeEntries(10));
  // Over itself: what is open for writing stays so, as on a disk that the kernel made read-only after an error.
  mount(disk, disk, { flags: mountFlags.bind });
  mount("", disk, { flags: mountFlags.bind | mountFlags.remount | mountFlags.readOnly });
  await assert.rejects(log.append(makeEntries(1)), (error) => assertWriteFailed(error, /its disk is read-only/));
  assert.deepEqual([...log.readEntries(0)], makeEntries(10));
  await log.close();
  await assert.rejects(openLog({ folder, key }), (error) => assertWriteFailed(error, /its disk is read-only/));
  assert.deepEqual(verifyLog({ folder, verifierKey: log.verifierKey, checkEntry: ignoreEntry }).findings, []);
  unmount(disk);
  const again = await openTestLog(t, { folder, key });
  await again.append(makeEntries(1, 10));
  assert.deepEqual([...again.readEntries(0)], makeEntries(11));
});

test("a ledger on a disk that fills up loses nothing that it acknowledged, and goes on when there is space", async (t) => {
  const disk = mountDisk(t, "3m");
  if (disk === undefined) return;
  const [folder, key] = [join(disk, "ledger/events"), makeKey()];
  const ledger = await openTestLedger(t, { folder, key });
  const note = "x".repeat(10_000);
  const move = async (at: number) => ledger.transact(() => ({ events: [moveOf(`a${at}`, 1, note)], result: at }));
  for (let at = 0; at < 5; at++) await move(at);
  const filler = fillDisk(disk);
  const outcomes = await Promise.allSettled(Array.from({ length: 40 }, async (_, at) => move(100 + at)));
  assert.ok(outcomes.some(({ status }) => status === "rejected"));
  for (const one of outcomes)
    if (one.status === "rejected") assertWriteFailed(one.reason, /no space is left on its disk/);
  const durable = outcomes.filter(({ status }) => status === "fulfilled").length;
  assert.equal(ledger.log.checkpoint().size, 5 + durable);
  rmSync(filler);
  for (let at = 0; at < 5; at++) await move(200 + at);
  assert.equal(ledger.state.get<{ n: number }>("SELECT count(*) AS n FROM move")?.n, 10 + durable);
  assert.equal([...ledger.events()].length, 10 + durable);
  await ledger.close();
  const { verifierKey } = ledger.log;
  assert.deepEqual(verifyLog({ folder, verifierKey }).findings, []);
  const { findings, behind } = verifyState({ folder, fold: accounts, verifierKey });
  assert.deepEqual([findings, behind], [[], 0]);
});

test("a state that finds no space on its disk stays right, and is written when there is some", async (t) => {
  const [disk, second] = [mountDisk(t, "1m"), mountDisk(t, "16m")];
  if (disk === undefined || second === undefined) return;
  const [folder, key] = [join(disk, "events"), makeKey()];
  mkdirSync(folder);
  mount(second, folder, { flags: mountFlags.bind });
  const ledger = await openTestLedger(t, { folder, key });
  const move = async (name: string) =>
    ledger.transact(() => ({ events: [moveOf(name, 1, "x".repeat(2000))], result: name }));
  await move("a");
  const filler = fillDisk(disk);
  // The log is on another disk, so these are durable, whatever becomes of the state's file.
  for (let at = 0; at < 60; at++) await move(`a${at}`);
  assert.equal(ledger.state.get<{ n: number }>("SELECT count(*) AS n FROM account")?.n, 61);
  const cut = verifyState({ folder, fold: accounts });
  assert.deepEqual(cut.findings, []);
  assert.ok(cut.behind > 0, "the disk was not full");
  rmSync(filler);
  await move("b");
  await ledger.close();
  const { findings, behind, size } = verifyState({ folder, fold: accounts });
  assert.deepEqual([findings, behind, size], [[], 0, 62]);
});
