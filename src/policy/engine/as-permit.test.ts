import assert from "node:assert/strict";
import { test } from "node:test";
import { asPermit } from "./as-permit.ts";

test("only the effect of a rule is changed, whatever its annotations and comments say", () => {
  const rest = '(principal, action, resource) when { context.breakGlass == "forbid" };';
  for (const head of [
    "",
    '@id("forbid") ',
    '@forbid("permit")\n',
    "// forbid\n",
    '@ // forbid\n permit ("a\\"forbid") @x ',
    '@id("a") // "forbid\n',
  ]) {
    assert.equal(asPermit(`${head}forbid${rest}`), `${head}permit${rest}`);
    assert.equal(asPermit(`${head}permit${rest}`), `${head}permit${rest}`);
  }
});
