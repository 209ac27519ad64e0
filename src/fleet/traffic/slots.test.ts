import assert from "node:assert/strict";
import { test } from "node:test";
import { assignSlots, sizeFor } from "./slots.ts";
import { idOf } from "./traffic.fixture.ts";

const server = (name: string) => ({ id: idOf(name), address: "127.0.0.1", port: 80, status: "in" as const });
const given = { former: new Map([[idOf("a"), 2]]), busy: new Set([1, 4]), size: 5 };

test("an instance keeps its place, and a new one never gets one where something is under way", () => {
  const slots = assignSlots([server("b"), server("a"), server("c")], given);
  assert.deepEqual(Object.fromEntries(slots ?? []), { a: 2, b: 3, c: 5 });
});

test("without a free place there is no answer but more places", () => {
  assert.equal(assignSlots([server("a"), server("b"), server("c"), server("d")], given), undefined);
});

test("there is room for a whole second set, and never less than before", () => {
  assert.equal(sizeFor(0), 64);
  assert.equal(sizeFor(30), 128);
  assert.equal(sizeFor(3, 256), 256);
  assert.ok(sizeFor(1000) >= 2000);
});
