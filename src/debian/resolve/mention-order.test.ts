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
  assert.deepEqual(sorted(inOrder.toReversed(), order), inOrder);
});

test("descriptions, sources, versions and :any are no mentions", () => {
  const order = new MentionOrder([text.replace("Package: omega", "Package: last")]);
  assert.deepEqual(order.ranksOf(["omega", "gamma", "zet"]), [Infinity, Infinity, Infinity]);
});

test("later files come after earlier ones", () => {
  const order = new MentionOrder(["Package: b\nDepends: c\n", "Package: a\n"]);
  assert.deepEqual(sorted(["a", "b", "c"], order), ["b", "c", "a"]);
});

test("searching and the table agree", async (t) => {
  const table = mentionTable([text]);
  assert.deepEqual([...table.keys()].toSorted(), inOrder.toSorted());
  assert.deepEqual(
    new MentionOrder([text]).ranksOf(inOrder),
    inOrder.map((name) => table.get(name)),
  );

  const opened = await openTestApt();
  if (typeof opened === "string") return t.diagnostic(`not compared on the real archive: ${opened}`);
  const texts = (await opened.apt.readIndexes()).flatMap(({ packages }) => packages.map(String));
  const all = mentionTable(texts);
  const sample = [...all.keys()].filter((_, index) => index % 401 === 0);
  assert.ok(sample.length > 20);
  assert.deepEqual(
    new MentionOrder(texts).ranksOf(sample),
    sample.map((name) => all.get(name)),
  );
});

function sorted(names: readonly string[], order: MentionOrder): readonly string[] {
  const ranks = new Map(names.map((name) => [name, order.ranksOf([name])[0] ?? 0]));
  return names.toSorted((a, b) => (ranks.get(a) ?? 0) - (ranks.get(b) ?? 0));
}
