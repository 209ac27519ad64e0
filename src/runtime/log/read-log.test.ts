import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { openInstanceLog } from "../runc/instance-log.ts";
import { logFileCount, logFileSize, logNames } from "./log-files.ts";
import { readLog, readLogEnd } from "./read-log.ts";

function makeLog(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "ingot-log-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "log");
}

async function read(log: string, tail?: number): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of readLog(log, tail === undefined ? {} : { tail })) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

test("the last lines are counted over the files of a log, with or without a last line break", async (t) => {
  const log = makeLog(t);
  assert.equal(await read(log), "");
  assert.equal(await read(log, 3), "");
  writeFileSync(`${log}.2`, "one\ntwo\nth");
  writeFileSync(`${log}.1`, "ree\nfour\n");
  writeFileSync(log, "five\nsix");
  assert.equal(await read(log), "one\ntwo\nthree\nfour\nfive\nsix");
  const tails = ["", "six", "five\nsix", "four\nfive\nsix", "three\nfour\nfive\nsix"];
  for (const [tail, text] of tails.entries()) assert.equal(await read(log, tail), text, String(tail));
  assert.equal(await read(log, 99), "one\ntwo\nthree\nfour\nfive\nsix");
  writeFileSync(log, "five\n");
  assert.equal(await read(log, 1), "five\n");
  assert.equal(await read(log, 3), "three\nfour\nfive\n");
  assert.equal(readLogEnd(log, 11), "\nfour\nfive\n");
});

test("a log turns to new files without losing a byte, is followed over that, and keeps no more than it may", async (t) => {
  const log = makeLog(t);
  const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  const { write: output, begin } = openInstanceLog({ folder: join(log, ".."), log, owner });
  begin();
  let isOpen = true;
  const followed: Uint8Array[] = [];
  const follower = (async () => {
    for await (const piece of readLog(log, { isOpen: () => isOpen })) followed.push(piece);
  })();
  await print(1, 1_200_000, output);
  await until(() => followed.length > 0 && lastLine(followed.at(-1)) === "1200000");
  isOpen = false;
  await follower;
  assert.equal(Buffer.concat(followed).toString(), lines(1, 1_200_000));
  assert.ok(existsSync(`${log}.1`));
  await print(1_200_001, 4_600_000, output);
  closeSync(output);
  await until(() => readFileSync(log, "utf8").endsWith("\n4600000\n"));
  const kept = logNames(log).map((name) => statSync(name).size);
  assert.deepEqual(
    kept.slice(0, -1),
    Array.from({ length: logFileCount - 1 }, () => logFileSize),
  );
  assert.ok((kept.at(-1) ?? 0) <= logFileSize);
  const text = await read(log);
  const first = Number(text.slice(text.indexOf("\n") + 1, text.indexOf("\n", text.indexOf("\n") + 1)));
  assert.equal(text.slice(text.indexOf("\n") + 1), lines(first, 4_600_000));
});

/** As a program of an instance would: line by line into the pipe. */
async function print(from: number, to: number, output: number): Promise<void> {
  await once(spawn("seq", [String(from), String(to)], { stdio: ["ignore", output, "inherit"] }), "close");
}

function lines(from: number, to: number): string {
  return Array.from({ length: to - from + 1 }, (_, index) => `${from + index}\n`).join("");
}

function lastLine(piece: Uint8Array | undefined): string | undefined {
  return Buffer.from(piece ?? [])
    .toString()
    .trimEnd()
    .split("\n")
    .at(-1);
}

async function until(isTrue: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline; await sleep(20)) if (isTrue()) return;
  throw new Error("it did not come true in time");
}
