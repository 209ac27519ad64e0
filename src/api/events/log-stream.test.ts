import assert from "node:assert/strict";
import test from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { IngotError } from "../../ground/error.ts";
import type { InstanceId } from "../../runtime/runtime.ts";
import { streamLogs } from "./log-stream.ts";

/** Instances that print what is given, and then nothing until it is over. */
function printing(texts: readonly (readonly string[])[]) {
  const ending = new AbortController();
  const ended = new Set<number>();
  const logs = texts.map((pieces, index) => ({
    instance: `web-${index}` as InstanceId,
    bytes: (async function* () {
      try {
        for (const piece of pieces) yield Buffer.from(piece);
        if (!ending.signal.aborted)
          await new Promise((resolve) => ending.signal.addEventListener("abort", resolve, { once: true }));
      } finally {
        ended.add(index);
      }
    })(),
  }));
  return { logs, ended, signal: new AbortController().signal, end: () => ending.abort() };
}

test("a follower that may not read on is told so, gets nothing more, and no instance is listened to any longer", async () => {
  const { logs, ended, ...options } = printing([["one\n", "two\n", "three\n"], []]);
  let left = 2;
  const recheck = async (): Promise<void> => {
    left -= 1;
    if (left < 0) throw new IngotError("token-expired", "the token has expired");
  };
  const lines = (await streamLogs(logs, { ...options, recheck }).text()).trim().split("\n");
  assert.deepEqual(
    lines.slice(0, 2).map((line): unknown => JSON.parse(line)),
    [
      { instance: "web-0", text: "one\n" },
      { instance: "web-0", text: "two\n" },
    ],
  );
  assert.equal(lines.length, 3);
  assert.match(lines[2] ?? "", /token-expired/);
  assert.deepEqual(ended, new Set([0, 1]));
});

test("a stream on which nothing is printed gives signs of life, and ends with the right to read it all the same", async () => {
  const { logs, ended, ...options } = printing([[]]);
  let left = 3;
  const recheck = async (): Promise<void> => {
    left -= 1;
    if (left < 0) throw new IngotError("token-expired", "the token has expired");
  };
  const text = await streamLogs(logs, { ...options, recheck, heartbeat: 2 }).text();
  assert.match(text, /^\n\n\n\{"error".*token-expired/);
  assert.equal(ended.size, 1);
});

test("where the log of one instance fails, that is told though the others say nothing", async () => {
  const { logs, ...options } = printing([[]]);
  const failing = {
    instance: "web-x" as InstanceId,
    // oxlint-disable-next-line require-yield
    bytes: (async function* (): AsyncGenerator<Uint8Array> {
      throw new IngotError("instance-unknown", "there is no instance web-x");
    })(),
  };
  const text = await streamLogs([...logs, failing], { ...options, recheck: async () => {} }).text();
  assert.match(text, /instance-unknown/);
});

test("a client that goes away ends the reading of instances that say nothing", async () => {
  const { logs, ended, ...options } = printing([["one\n"], []]);
  const reader = streamLogs(logs, { ...options, recheck: async () => {} }).body!.getReader();
  await reader.read();
  await reader.cancel();
  assert.deepEqual(ended, new Set([0, 1]));
});

test("instances that say nothing cost nothing, however much another one prints", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const count = 60_000;
  const { logs, ...options } = printing([Array<string>(count).fill("a line\n"), [], [], [], []]);
  const reader = streamLogs(logs, { ...options, recheck: async () => {} }).body!.getReader();
  await reader.read();
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let read = 1; read < count; read += 1) await reader.read();
  collect();
  const grown = process.memoryUsage().heapUsed - before;
  await reader.cancel();
  assert.ok(grown < 5_000_000, `it grew by ${grown} bytes`);
});
