import assert from "node:assert/strict";
import { test } from "node:test";
import * as cedar from "@cedar-policy/cedar-wasm/nodejs";
import { decideBy, deployment, policyOf } from "../policy.fixture.ts";
import { findUsedFacts } from "./used-facts.ts";

const facts = ["now", "weekday", "breakGlass", "image", "digest", "by", "scan", "approvers"];

function usedBy(condition: string): readonly string[] {
  const answer = cedar.policyToJson(`forbid(principal, action, resource) when { ${condition} };`);
  if (answer.type === "failure") assert.fail(answer.errors[0]?.message);
  return facts.filter(findUsedFacts([answer.json]));
}

test("a fact is used where a rule takes it or asks for it, however it is written", () => {
  assert.deepEqual(usedBy("context.image.scan.age > 5"), ["image", "scan"]);
  assert.deepEqual(usedBy('context["image"]["digest"] == "x"'), ["image", "digest"]);
  assert.deepEqual(usedBy("context has breakGlass"), ["breakGlass"]);
  assert.deepEqual(usedBy("context has image.by.scan"), ["image", "by", "scan"]);
  assert.deepEqual(usedBy("if context.now > 5 then context.image.by.rebuild.isEmpty() else false"), [
    "now",
    "image",
    "by",
  ]);
  assert.deepEqual(usedBy('(if true then context else context).weekday == "x"'), facts);
  assert.deepEqual(usedBy('(if true then context.image else context.image).digest == "x"'), facts);
  assert.deepEqual(usedBy("context == context"), facts);
  assert.deepEqual(usedBy("[context.image].contains(context.image)"), facts);
});

test("rules decide by facts that no shipped rule looks at", async () => {
  for (const condition of [
    'context.image.by.signature.contains("workload:ci")',
    'context.image.repositories.contains("shop/web")',
    'context.image.approvers.contains("user:alice")',
    'context.image.digest like "sha256:*"',
    "context has image.scan.gaps && context.image.scan.gaps == 0",
    'context.weekday == "monday" && context.hour == 10 && context.now > 0',
    "context.image == context.image",
  ]) {
    const own = `forbid(principal, action in Action::"enter", resource) when { ${condition} };`;
    const { permit, missing } = await decideBy(policyOf(own), deployment());
    assert.equal(permit, false, condition);
    assert.match(missing[0]?.missing ?? "", /forbids it$/, condition);
  }
});
