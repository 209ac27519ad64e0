import assert from "node:assert/strict";
import { test } from "node:test";
import { formatMode } from "./format-mode.ts";

test("a mode has four digits, without the bits of the file's type", () => {
  assert.equal(formatMode(0o100644), "0644");
  assert.equal(formatMode(0o104755), "4755");
  assert.equal(formatMode(0), "0000");
});
