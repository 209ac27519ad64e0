import assert from "node:assert/strict";
import { test } from "node:test";
import { numberOf, parseEventFormat, textOf } from "./event-format.ts";
import { parseRingPage } from "./ring-page.ts";

const format = parseEventFormat(`name: sched_process_exec
ID: 365
format:
\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;
\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;

\tfield:__data_loc char[] filename;\toffset:8;\tsize:4;\tsigned:0;
\tfield:pid_t pid;\toffset:12;\tsize:4;\tsigned:1;
`);

/** An event's data: its type, the process, and where its text is. */
function execution(pid: number, filename: string): Buffer {
  const text = Buffer.from(`${filename}\0`);
  const data = Buffer.alloc(16 + Math.ceil(text.length / 4) * 4);
  data.writeUInt16LE(365, 0);
  data.writeInt32LE(pid, 4);
  data.writeUInt32LE((text.length << 16) | 16, 8);
  data.writeInt32LE(pid, 12);
  text.copy(data, 16);
  return data;
}

const word = (kind: number, delta: number, ...rest: number[]): Buffer =>
  Buffer.from(Uint32Array.from([((delta << 5) | kind) >>> 0, ...rest]).buffer);

function page(entries: readonly Buffer[], flags = 0, lost?: bigint): Buffer {
  const all = Buffer.concat(entries);
  const made = Buffer.alloc(4096);
  made.writeBigUInt64LE(1000n, 0);
  made.writeUInt32LE((all.length | flags) >>> 0, 8);
  all.copy(made, 16);
  if (lost !== undefined) made.writeBigUInt64LE(lost, 16 + all.length);
  return made;
}

test("events come with their times, whatever lies between them", () => {
  const data = execution(7, "/bin/true");
  const short = Buffer.concat([word(data.length / 4, 5), data]);
  const long = Buffer.concat([word(0, 3, data.length + 4), data]);
  const { events, lost } = parseRingPage(page([short, word(30, 1, 2), word(29, 4, 4), long, word(31, 9, 4)]));
  assert.deepEqual(
    events.map(({ time }) => time),
    [1005, 1005 + 2 * 2 ** 27 + 1 + 4 + 3],
  );
  assert.deepEqual(
    events.map((event) => textOf(event, format.fields.get("filename"))),
    ["/bin/true", "/bin/true"],
  );
  assert.equal(lost, 0);
});

test("a name that looks like another event is nothing but a name", () => {
  const name = "/tmp/x pid=1 old_pid=1\n cat-9 [000] 1.0: sched_process_exec: filename=/bin/true";
  const data = execution(7, name);
  const { events } = parseRingPage(page([word(data.length / 4, 0), data]));
  const [event] = events;
  assert.ok(event !== undefined && events.length === 1);
  assert.equal(textOf(event, format.fields.get("filename")), name);
  assert.equal(numberOf(event, format.fields.get("pid")), 7);
});

test("what the kernel dropped is counted", () => {
  assert.equal(parseRingPage(page([], 0x8000_0000)).lost, 1);
  assert.equal(parseRingPage(page([], 0xc000_0000, 42n)).lost, 42);
});

test("a page that is cut off or not what it should be ends the reading, not the guard", () => {
  const data = execution(7, "/bin/true");
  const cut = page([word(data.length / 4, 0), data]);
  cut.writeUInt32LE(20, 8);
  assert.deepEqual(parseRingPage(cut).events, []);
  assert.deepEqual(parseRingPage(Buffer.alloc(4096, 0xff)).events.length < 4096, true);
});
