import assert from "node:assert/strict";
import { test } from "node:test";
import type { ImageFacts } from "../../policy/policy.ts";
import { describeMakers } from "./describe-makers.ts";

const facts: ImageFacts = {
  digest: `sha256:${"a".repeat(64)}`,
  repositories: ["shop/web"],
  statements: [],
  authors: ["user:bob", "workload:ci"],
  approvals: [],
  revocations: [],
  uncounted: [],
};

test("whose an image is stands on one line, and each address of nobody on one of its own", () => {
  assert.deepEqual(describeMakers(facts), ["made by user:bob, workload:ci"]);
  assert.deepEqual(describeMakers({ ...facts, authors: [], strangers: ["carol@shop.example\nmade by nobody"] }), [
    "made by nobody who is known",
    "its commit names carol@shop.example made by nobody, with which nobody is registered: see ingot identity change --email",
  ]);
});
