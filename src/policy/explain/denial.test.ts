import assert from "node:assert/strict";
import { test } from "node:test";
import { describeDenial } from "./denial.ts";

const tested = { policy: "tested", missing: "no result of its tests counts", supply: "ingot test web" };
const approved = { policy: "approvals", missing: "2 people must approve it, nobody has", supply: "ingot approve web" };

test("one rule is told in the sentence, by its name and with its command", () => {
  const denial = describeDenial("alice may not deploy web", [tested]);
  assert.equal(denial.message, "alice may not deploy web: no result of its tests counts (rule tested)");
  assert.equal(denial.hint, "ingot test web");
  assert.deepEqual(denial.details, []);
});

test("several are a line each, with the command of each, and all are named in the sentence", () => {
  const denial = describeDenial("alice may not deploy web", [tested, approved]);
  assert.equal(denial.message, "alice may not deploy web: 2 rules stand against it, tested, approvals");
  assert.deepEqual(denial.details, [
    "tested: no result of its tests counts → ingot test web",
    "approvals: 2 people must approve it, nobody has → ingot approve web",
  ]);
});

test("what nothing permits is said as such", () => {
  assert.equal(
    describeDenial("alice may not deploy web", []).message,
    "alice may not deploy web: no policy permits it",
  );
});
