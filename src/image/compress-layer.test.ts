import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { compressLayer, type Compression } from "./compress-layer.ts";

async function compress(content: Buffer, compression: Compression, cut = 100_000): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for (let at = 0; at < content.length; at += cut) chunks.push(content.subarray(at, at + cut));
  return Buffer.concat(await Array.fromAsync(compressLayer(chunks, compression)));
}

const line = "a line that repeats itself over the borders of pieces, with a number: ";
const text = Buffer.from(Array.from({ length: 60_000 }, (_, at) => line + at).join("\n"));

test("what is compressed in pieces is one member that everybody can read", async () => {
  for (const content of [
    Buffer.alloc(0),
    Buffer.from("a"),
    Buffer.alloc(1 << 20),
    Buffer.alloc((1 << 20) + 1),
    text,
    randomBytes(3_000_000),
  ]) {
    assert.ok(gunzipSync(await compress(content, "gzip")).equals(content));
    assert.ok(zstdDecompressSync(await compress(content, "zstd")).equals(content));
  }
});

test("the bytes do not depend on how the input came", async () => {
  for (const compression of ["gzip", "zstd"] as const) {
    const whole = await compress(text, compression, text.length);
    for (const cut of [511, 1 << 20, 3_333_333]) assert.ok((await compress(text, compression, cut)).equals(whole));
  }
});

test("the gzip header names no time and no operating system", async () => {
  assert.equal((await compress(text, "gzip")).toString("hex", 0, 10), "1f8b08000000000000ff");
});

test("a piece profits from what was before it", async () => {
  const noise = randomBytes(20_000);
  const repeated = Buffer.concat(Array.from({ length: 200 }, () => noise));
  assert.ok((await compress(repeated, "gzip")).length < 100_000);
});
