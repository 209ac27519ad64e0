import assert from "node:assert/strict";
import { test } from "node:test";
import { openTestApt } from "../../../test/support/test-apt.ts";
import { MentionOrder } from "./mention-order.ts";
import { mentionTable } from "./mention-table.ts";

const text = `Package: zeta
Version: 1
Suggests: late, beta
Depends: alpha (>= late), gamma:any | delta:amd64,
 folded
Description: omega

Package: omega
Source: alpha
Provides: epsilon (= 1)
`;

const inOrder = ["zeta", "alpha", "delta", "folded", "late", "beta", "omega", "epsilon"];

test("names are ordered by stanza, then by apt's order of fields, then by place", () => {
  const order = new MentionOrder([text]);
  assert.deepEqual(
    inOrder.toReversed().toSorted((a, b) => order.of(a) - order.of(b)),
    inOrder,
  );
});

test("descriptions, sources, versions and :any are no mentions", () => {
  const order = new MentionOrder([text.replace("Package: omega", "Package: last")]);
  assert.equal(order.of("omega"), Infinity);
  assert.equal(order.of("gamma"), Infinity);
  assert.equal(order.of("zet"), Infinity);
});

test("later files come after earlier ones", () => {
  const order = new MentionOrder(["Package: b\nDepends: c\n", "Package: a\n"]);
  assert.deepEqual(
    ["a", "b", "c"].toSorted((x, y) => order.of(x) - order.of(y)),
    ["b", "c", "a"],
  );
});

test("searching and the table agree", async (t) => {
  const table = mentionTable([text]);
  const order = new MentionOrder([text]);
  assert.deepEqual([...table.keys()].toSorted(), inOrder.toSorted());
  for (const name of inOrder) assert.equal(order.of(name), table.get(name), name);

  const opened = await openTestApt();
  if (typeof opened === "string") return t.diagnostic(`not compared on the real archive: ${opened}`);
  const texts = (await opened.apt.readIndexes()).flatMap(({ packages }) => packages.map(String));
  const all = mentionTable(texts);
  const sample = [...all.keys()].filter((_, index) => index % 4001 === 0);
  assert.ok(sample.length > 20);
  for (const name of sample) assert.equal(new MentionOrder(texts).of(name), all.get(name), name);
});
