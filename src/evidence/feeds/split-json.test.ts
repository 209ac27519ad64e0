import assert from "node:assert/strict";
import { test } from "node:test";
import { parsePiece } from "./read-piece.ts";
import { splitJson } from "./split-json.ts";

type Shape = Parameters<typeof splitJson>[1];

/** In chunks of every size up to the whole, which must make no difference. */
async function split(text: string, shape: Shape, limit = 1000): Promise<unknown[]> {
  const bytes = Buffer.from(text);
  const results = new Set<string>();
  for (let size = 1; size <= bytes.length + 1; size++) {
    const pieces: unknown[] = [];
    for await (const piece of splitJson(chunks(bytes, size), shape, { limit })) pieces.push(parsePiece(piece));
    results.add(JSON.stringify(pieces));
  }
  assert.equal(results.size, 1, "the size of chunks makes no difference");
  return JSON.parse([...results][0] ?? "") as unknown[];
}

async function* chunks(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

test("an object gives its members, a list its elements, a sequence its objects", async () => {
  assert.deepEqual(await split(' {"a": {"b": [1, 2]}, "c,}": "x\\"]}", "ü": null }\n', "members"), [
    { a: { b: [1, 2] } },
    { "c,}": 'x"]}' },
    { ü: null },
  ]);
  assert.deepEqual(await split('[{"a": 1}, [2], "3,4"]', "elements"), [{ a: 1 }, [2], "3,4"]);
  assert.deepEqual(await split('{"a": 1}\n{"b": {"c": "}"}}\n', "sequence"), [{ a: 1 }, { b: { c: "}" } }]);
  assert.deepEqual(await split("{}", "members"), []);
  assert.deepEqual(await split(" [ ] ", "elements"), []);
});

test("what is cut off, empty, of another shape or followed by something is refused", async () => {
  const bad: readonly (readonly [string, Shape])[] = [
    ["", "members"],
    ['{"a": 1', "members"],
    ['{"a": "1', "members"],
    ['{"a": 1,}', "members"],
    ['{"a": 1,,"b": 2}', "members"],
    ['{"a": 1]', "members"],
    ['{"a": 1} {', "members"],
    ['{"a": 1} x', "members"],
    ['{"a" 1}', "members"],
    ['["a"]', "members"],
    ['{"a": 1}', "elements"],
    ["}", "members"],
    ['{"a": 1}]', "sequence"],
    ["[1]", "sequence"],
    ["hello", "sequence"],
  ];
  for (const [text, shape] of bad) await assert.rejects(split(text, shape), { code: "feed-malformed" }, text);
  assert.throws(() => parsePiece(Buffer.from([0x22, 0xff, 0x22])), { code: "feed-malformed" }, "not UTF-8");
});

test("a record that is longer than the limit is refused before it is held whole", async () => {
  await assert.rejects(split(`{"a": "${"x".repeat(2000)}"}`, "members"), { code: "feed-too-large" });
});
