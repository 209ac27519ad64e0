import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { crc32 } from "node:zlib";
import { usualLimits } from "./feed.ts";
import { makeFeedWorld, makeZip, type ZipPart } from "./feeds.fixture.ts";
import { readZip } from "./read-zip.ts";

async function readAll(
  t: TestContext,
  archive: Uint8Array,
  limits: Partial<typeof usualLimits> = {},
): Promise<string[]> {
  const path = makeFeedWorld(t).put("a.zip", archive);
  const names: string[] = [];
  for await (const { bytes, where } of readZip(path, { ...usualLimits, ...limits }))
    names.push(`${where} ${bytes.length}`);
  return names;
}

const record: ZipPart = { name: "a.json", data: Buffer.from("{}") };
const malformed = { code: "feed-malformed" };
const tooLarge = { code: "feed-too-large" };

test("JSON files are read, folders and others passed over", async (t) => {
  const parts = [
    { name: "d/", data: Buffer.alloc(0) },
    record,
    { name: "d/README", data: Buffer.from("text") },
    { ...record, name: "d/b.json" },
  ];
  assert.deepEqual(await readAll(t, makeZip(parts)), ["a.json 2", "d/b.json 2"]);
});

test("a bomb is refused, by what it claims and by what it unpacks to", async (t) => {
  const zeros = Buffer.alloc(20 << 20);
  const limits = { record: 1 << 20 };
  await assert.rejects(readAll(t, makeZip([{ name: "bomb.json", data: zeros }]), limits), tooLarge);
  // It claims ten bytes: no more than that is ever unpacked.
  const before = process.memoryUsage().arrayBuffers;
  await assert.rejects(readAll(t, makeZip([{ name: "liar.json", data: zeros, claimed: 10 }]), limits), malformed);
  assert.ok(process.memoryUsage().arrayBuffers - before < 15 << 20);
  // Small files, and many of them.
  const many = Array.from({ length: 50 }, (_, index) => ({ name: `${index}.json`, data: Buffer.alloc(1 << 16, " ") }));
  await assert.rejects(readAll(t, makeZip(many), { unpacked: 1 << 20 }), tooLarge);
});

test("names that lead out of the archive are refused", async (t) => {
  for (const name of ["../a.json", "a/../../b.json", "/etc/a.json", "C:/a.json", "a\\..\\b.json"]) {
    await assert.rejects(readAll(t, makeZip([record, { ...record, name }])), malformed, name);
  }
});

test("an altered or cut off archive is refused", async (t) => {
  const whole = makeZip([record, { name: "b.json", data: Buffer.from('{"id":"x"}') }]);
  for (const length of [4, 30, whole.length - 30, whole.length - 1]) {
    await assert.rejects(readAll(t, whole.subarray(0, length)), malformed, `${length} bytes`);
  }
  await assert.rejects(readAll(t, makeZip([{ ...record, crc: crc32("other") }])), malformed);
  const overwritten = Buffer.from(whole);
  overwritten.fill(0, 0, 4);
  await assert.rejects(readAll(t, overwritten), malformed);
});

test("300,000 entries are read within bounds, and more files than the limit refused", async (t) => {
  const data = Buffer.from("{}");
  const crc = crc32(data);
  const archive = makeManyEntries(300_000, data, crc);
  const start = process.memoryUsage().rss;
  const path = makeFeedWorld(t).put("many.zip", archive);
  let count = 0;
  for await (const piece of readZip(path, usualLimits)) count += piece.bytes.length / 2;
  assert.equal(count, 300_000);
  assert.ok(process.memoryUsage().rss - start < 400 << 20);
  await assert.rejects(readAll(t, archive, { files: 1000 }), { code: "feed-malformed", message: /1000 files/ });
});

/** All entries of the list lead to one stored file, so that making it takes no time; the end is in zip64's form, as 65,535 is all that the old one can count. */
function makeManyEntries(count: number, data: Buffer, crc: number): Buffer {
  const local = Buffer.alloc(30 + 1 + data.length);
  local.write("PK\x03\x04", "latin1");
  local.writeUInt16LE(1, 26);
  local.write("a", 30);
  data.copy(local, 31);
  const entry = 46 + 11;
  const list = Buffer.alloc(entry * count);
  for (let index = 0; index < count; index++) {
    const at = index * entry;
    list.write("PK\x01\x02", at, "latin1");
    list.writeUInt16LE(20, at + 6);
    list.writeUInt32LE(crc, at + 16);
    list.writeUInt32LE(data.length, at + 20);
    list.writeUInt32LE(data.length, at + 24);
    list.writeUInt16LE(11, at + 28);
    list.write(`${String(index).padStart(6, "0")}.json`, at + 46, "latin1");
  }
  const end = Buffer.alloc(56 + 20 + 22);
  end.write("PK\x06\x06", 0, "latin1");
  end.writeBigUInt64LE(44n, 4);
  end.writeBigUInt64LE(BigInt(count), 24);
  end.writeBigUInt64LE(BigInt(count), 32);
  end.writeBigUInt64LE(BigInt(list.length), 40);
  end.writeBigUInt64LE(BigInt(local.length), 48);
  end.write("PK\x06\x07", 56, "latin1");
  end.writeBigUInt64LE(BigInt(local.length + list.length), 64);
  end.writeUInt32LE(1, 72);
  end.write("PK\x05\x06", 76, "latin1");
  end.fill(0xff, 84, 96);
  return Buffer.concat([local, list, end]);
}
