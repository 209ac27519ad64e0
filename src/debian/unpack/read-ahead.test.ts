import assert from "node:assert/strict";
import { test } from "node:test";
import { ReadAhead } from "./read-ahead.ts";

function partsOf(sizes: readonly number[], begun: number[]) {
  return sizes.map((size, at) => ({
    size,
    read: () => {
      begun.push(at);
      return size === 13 ? Promise.reject(new Error("unlucky")) : Promise.resolve(at);
    },
  }));
}

test("what is read ahead fits into the limit, and one part is read however large it is", async () => {
  const begun: number[] = [];
  const ahead = new ReadAhead(partsOf([3, 4, 3, 4, 100, 1], begun), 10);
  assert.deepEqual(begun, [0, 1, 2]);
  assert.equal(await ahead.next(), 0);
  assert.deepEqual(begun, [0, 1, 2]);
  assert.equal(await ahead.next(), 1);
  assert.deepEqual(begun, [0, 1, 2, 3]);
  assert.equal(await ahead.next(), 2);
  assert.equal(await ahead.next(), 3);
  assert.deepEqual(begun, [0, 1, 2, 3, 4]);
  assert.equal(await ahead.next(), 4);
  assert.equal(await ahead.next(), 5);
  await assert.rejects(ahead.next(), { code: "internal-error" });
});

test("a part that fails does so when it is asked for, and those behind it are read all the same", async () => {
  const ahead = new ReadAhead(partsOf([1, 13, 1], []), 100);
  assert.equal(await ahead.next(), 0);
  await assert.rejects(ahead.next(), { message: "unlucky" });
  assert.equal(await ahead.next(), 2);
});
