import assert from "node:assert/strict";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { makeEntries, makeFolder, makeKey } from "../ledger.fixture.ts";
import { verifyLog } from "../verify/verify-log.ts";
import { verifierKey } from "./log-key.ts";
import { openLog } from "./open-log.ts";

/** The files below a folder that are not in another one, or not with this content. */
function newFiles(folder: string, before: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => statSync(join(folder, path)).isFile())
    .filter((path) => !isSame(join(folder, path), join(before, path)))
    .toSorted();
}

function isSame(path: string, other: string): boolean {
  return statSync(other, { throwIfNoEntry: false }) !== undefined && readFileSync(path).equals(readFileSync(other));
}

function copyFile(from: string, to: string, bytes: Buffer = readFileSync(from)): void {
  mkdirSync(dirname(to), { recursive: true });
  writeFileSync(to, bytes);
}

test("cut off after any of its writes, or in the midst of one, a log goes on from its checkpoint as if the batch had not been", async (t) => {
  const base = makeFolder(t);
  const key = makeKey();
  const [before, after] = [join(base, "before"), join(base, "after")];
  const log = await openLog({ folder: before, key });
  await log.append(makeEntries(250));
  await log.close();
  cpSync(before, after, { recursive: true });
  const grown = await openLog({ folder: after, key });
  await grown.append(makeEntries(300, 1000));
  await grown.close();
  const written = newFiles(after, before).filter((path) => path !== "checkpoint");
  assert.ok(written.length >= 6, written.join(" "));
  // Any of the files may be the one that is missing, empty or half there; the others are.
  for (const cut of written) {
    // All of them there is the same for each.
    for (const share of cut === written[0] ? [undefined, 0, 0.5, 1] : [undefined, 0, 0.5]) {
      const folder = join(base, "crashed");
      cpSync(before, folder, { recursive: true });
      for (const path of written.filter((one) => one !== cut)) copyFile(join(after, path), join(folder, path));
      const whole = readFileSync(join(after, cut));
      if (share !== undefined) copyFile(cut, join(folder, cut), whole.subarray(0, Math.floor(share * whole.length)));
      const options = { folder, verifierKey: verifierKey(key), checkEntry: () => undefined };
      assert.deepEqual(verifyLog(options).findings, [], cut);
      const again = await openLog({ folder, key });
      assert.equal(again.checkpoint().size, 250);
      assert.deepEqual([...again.readEntries(0)], makeEntries(250));
      await again.append(makeEntries(300, 250));
      assert.deepEqual([...again.readEntries(0)], makeEntries(550));
      await again.close();
      assert.deepEqual(verifyLog(options).findings, [], cut);
      rmSync(folder, { recursive: true });
    }
  }
});

test("what a crash left of a batch is gone before the log grows past it with other entries", async (t) => {
  const folder = join(makeFolder(t), "events");
  const key = makeKey();
  const log = await openLog({ folder, key });
  await log.append(makeEntries(250));
  await log.close();
  // Of a batch of 800, in any order: its bundles, hashes and a level of its own.
  const other = readFileSync(join(folder, "tile/0/000.p/250"));
  const cutOff = [
    "entries/000.p/253",
    "entries/004.p/26",
    "entries/002",
    "0/000.p/253",
    "0/004.p/26",
    "0/000",
    "1/000.p/4",
  ];
  for (const path of cutOff) copyFile("", join(folder, "tile", path), other);
  const again = await openLog({ folder, key });
  await again.append(makeEntries(1, 250));
  await again.append(makeEntries(797, 251));
  await again.append(makeEntries(100, 1048));
  await again.close();
  const options = { folder, verifierKey: verifierKey(key), checkEntry: () => undefined };
  assert.deepEqual(verifyLog(options).findings, []);
});

test("with the checkpoint in place, everything it covers is there: only superseded tiles are left to remove", async (t) => {
  const folder = join(makeFolder(t), "events");
  const key = makeKey();
  const log = await openLog({ folder, key });
  await log.append(makeEntries(250));
  cpSync(join(folder, "tile"), join(folder, "../former"), { recursive: true });
  await log.append(makeEntries(50, 250));
  await log.close();
  cpSync(join(folder, "../former"), join(folder, "tile"), { recursive: true });
  const options = { folder, verifierKey: verifierKey(key), checkEntry: () => undefined };
  assert.deepEqual(verifyLog(options).findings, []);
  const again = await openLog({ folder, key });
  assert.deepEqual([...again.readEntries(0)], makeEntries(300));
  await again.close();
});
