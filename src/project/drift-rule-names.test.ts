import assert from "node:assert/strict";
import test from "node:test";
import { driftRules } from "../guard/guard.ts";
import { driftRuleNames } from "./drift-rule-names.ts";

test("an exception may name every rule of the guard, and no other", () => {
  assert.deepEqual(driftRuleNames.toSorted(), Object.keys(driftRules).toSorted());
});
