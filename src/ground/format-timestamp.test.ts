import assert from "node:assert/strict";
import { test } from "node:test";
import { formatTimestamp } from "./format-timestamp.ts";

test("a time is cut to whole seconds, also one in a year of more than four digits", () => {
  assert.equal(formatTimestamp(new Date("2026-11-21T10:00:00.999Z")), "2026-11-21T10:00:00Z");
  assert.equal(formatTimestamp(new Date(0)), "1970-01-01T00:00:00Z");
  assert.equal(formatTimestamp(new Date(8.64e15)), "+275760-09-13T00:00:00Z");
});
