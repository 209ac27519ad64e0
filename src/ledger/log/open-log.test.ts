import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { makeEntries, makeFolder, makeKey, openTestLog } from "../ledger.fixture.ts";
import { emptyRoot, hashLeaf } from "./merkle.ts";
import { openLog } from "./open-log.ts";
import { verifyConsistency, verifyInclusion, type TreeHead } from "./verify-proof.ts";

test("a log is opened again as it was closed, and goes on", async (t) => {
  const [folder, key] = [join(makeFolder(t), "events"), makeKey()];
  const log = await openLog({ folder, key });
  assert.equal(log.checkpoint().size, 0);
  const entries = makeEntries(300);
  assert.equal((await log.append(entries.slice(0, 2))).first, 0);
  assert.equal((await log.append(entries.slice(2, 290))).first, 2);
  const { note } = log.checkpoint();
  await log.close();
  const again = await openTestLog(t, { folder, key });
  assert.equal(again.checkpoint().note, note);
  const { first, checkpoint } = await again.append(entries.slice(290));
  assert.deepEqual([first, checkpoint.size], [290, 300]);
  assert.deepEqual([...again.readEntries(0)], entries);
  assert.deepEqual([...again.readEntries(250, 260)], entries.slice(250, 260));
  assert.deepEqual(again.readEntry(299), entries[299]);
  assert.equal(readFileSync(join(folder, "checkpoint"), "utf8"), checkpoint.note);
});

test("a log of any size is opened again and goes on, also where tiles of all levels are just full", async (t) => {
  const [folder, key] = [join(makeFolder(t), "events"), makeKey()];
  let earlier: TreeHead = { size: 0, root: emptyRoot };
  for (const size of [1, 255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537]) {
    const log = await openLog({ folder, key });
    await log.append(makeEntries(size - earlier.size, earlier.size));
    await log.close();
    const again = await openLog({ folder, key });
    const head = again.checkpoint();
    assert.equal(head.size, size);
    for (const index of [0, earlier.size, size - 1]) {
      const leaf = hashLeaf(Buffer.from(`entry ${index}`));
      assert.ok(verifyInclusion(leaf, again.proveInclusion(index), head), `entry ${index} of ${size}`);
    }
    assert.ok(verifyConsistency(earlier, head, again.proveConsistency(earlier.size)), `${earlier.size} to ${size}`);
    earlier = head;
    await again.close();
  }
});

test("callers at the same time share checkpoints, and each has its place", async (t) => {
  const log = await openTestLog(t);
  const entries = makeEntries(500);
  const appended = await Promise.all(entries.map(async (entry) => log.append([entry])));
  for (const [at, { first, checkpoint }] of appended.entries()) {
    assert.deepEqual(log.readEntry(first), entries[at]);
    assert.ok(checkpoint.size > first);
  }
  assert.ok(new Set(appended.map(({ checkpoint }) => checkpoint.size)).size < 50);
});

test("who comes while a batch is being written is in the next one, never acknowledged with this one", async (t) => {
  const log = await openTestLog(t);
  const entries = makeEntries(300);
  const isRight = async (entry: Buffer): Promise<void> => {
    const { first, checkpoint } = await log.append([entry]);
    assert.deepEqual(log.readEntry(first), entry);
    assert.ok(checkpoint.size > first);
  };
  const running: Promise<void>[] = [];
  // Spread over several batches: each turn of the event loop some more arrive, whatever is under way.
  for (const entry of entries) {
    running.push(isRight(entry));
    if (running.length % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all(running);
  assert.equal(log.checkpoint().size, entries.length);
});

test("a full tile is written once, and its partial ones go when it is there", async (t) => {
  const log = await openTestLog(t);
  for (let at = 0; at < 5; at++) await log.append(makeEntries(60, at * 60));
  const full = ["tile/0/000", "tile/entries/000"].map((path) => join(log.folder, path));
  const before = full.map((path) => statSync(path).ino);
  await log.append(makeEntries(300, 300));
  // They go after the batch was acknowledged, and before the next one.
  await log.append([]);
  assert.deepEqual(
    full.map((path) => statSync(path).ino),
    before,
  );
  assert.deepEqual(readdirSync(join(log.folder, "tile/0")).toSorted(), ["000", "001", "002.p"]);
  assert.deepEqual(readdirSync(join(log.folder, "tile/1/000.p")).toSorted(), ["1", "2"]);
});

test("a second process is refused, and so is a second time in this one", async (t) => {
  const [folder, key] = [join(makeFolder(t), "events"), makeKey()];
  const log = await openTestLog(t, { folder, key });
  await assert.rejects(openLog({ folder, key }), { code: "locked-by-another" });
  const script = `
    const { openLog } = await import(${JSON.stringify(import.meta.resolve("./open-log.ts"))});
    const { generateKeyPairSync } = await import("node:crypto");
    const key = { name: "ingot.example/events", secret: generateKeyPairSync("ed25519").privateKey };
    await openLog({ folder: ${JSON.stringify(folder)}, key }).catch((error) => process.stdout.write(error.code));`;
  const { stdout } = spawnSync(process.execPath, ["--no-warnings", "--input-type=module", "-e", script]);
  assert.equal(stdout.toString(), "locked-by-another");
  await log.close();
  await openTestLog(t, { folder, key });
});

test("a log goes on with no other key than its own", async (t) => {
  const [folder, key] = [join(makeFolder(t), "events"), makeKey()];
  await (await openLog({ folder, key })).close();
  await assert.rejects(openLog({ folder, key: makeKey() }), { code: "log-key-wrong" });
  await assert.rejects(openLog({ folder, key: { ...key, name: "ingot.example/other" } }), { code: "log-key-wrong" });
  await openTestLog(t, { folder, key });
});

test("an entry that is too large is refused, with those beside it", async (t) => {
  const log = await openTestLog(t);
  const large = Buffer.alloc(65_536);
  await assert.rejects(log.append([Buffer.from("small"), large]), { code: "log-entry-too-large" });
  assert.equal(log.checkpoint().size, 0);
  await log.append([large.subarray(1), Buffer.alloc(0)]);
  assert.deepEqual(
    [...log.readEntries(0)].map(({ length }) => length),
    [65_535, 0],
  );
});

test("what the log does not have is said by number", async (t) => {
  const log = await openTestLog(t);
  await log.append(makeEntries(3));
  for (const index of [-1, 3, 0.5, Number.NaN]) {
    assert.throws(() => log.readEntry(index), { code: "log-entry-unknown" });
    assert.throws(() => log.proveInclusion(index), { code: "log-entry-unknown" });
  }
  assert.throws(() => log.proveConsistency(4), { code: "log-entry-unknown" });
});

/** Changes one byte. */
function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

test("a log whose tiles do not give its root, or whose last entries are others, is not opened", async (t) => {
  for (const [file, at] of [
    ["tile/0/001.p/44", 5],
    ["tile/1/000.p/1", 5],
    ["tile/entries/001.p/44", 5],
    ["tile/entries/001.p/44", 0],
  ] as const) {
    const [folder, key] = [join(makeFolder(t), "events"), makeKey()];
    const log = await openLog({ folder, key });
    await log.append(makeEntries(300));
    await log.close();
    flip(join(folder, file), at);
    await assert.rejects(openLog({ folder, key }), { code: "log-damaged" }, file);
  }
});

test("an entry that was altered since is not read", async (t) => {
  const log = await openTestLog(t);
  await log.append(makeEntries(600));
  flip(join(log.folder, "tile/entries/001"), 100);
  assert.deepEqual(log.readEntry(255), makeEntries(1, 255)[0]);
  assert.throws(() => log.readEntry(300), { code: "log-damaged" });
  assert.throws(() => [...log.readEntries(0)], { code: "log-damaged" });
  renameSync(join(log.folder, "tile/entries/000"), join(log.folder, "away"));
  assert.throws(() => [...log.readEntries(0)], { code: "log-damaged" });
});

test("a checkpoint that was taken away or altered does not make the log begin anew", async (t) => {
  const [folder, key] = [join(makeFolder(t), "events"), makeKey()];
  const log = await openLog({ folder, key });
  await log.append(makeEntries(3));
  await log.close();
  const path = join(folder, "checkpoint");
  const note = readFileSync(path, "utf8");
  writeFileSync(path, note.replace("\n3\n", "\n2\n"));
  await assert.rejects(openLog({ folder, key }), { code: "log-note-malformed" });
  renameSync(path, `${path}.away`);
  await assert.rejects(openLog({ folder, key }), { code: "log-damaged" });
  assert.ok(!existsSync(path));
});
