import assert from "node:assert/strict";
import { test } from "node:test";
import { jsonOrUndefined } from "./json-or-undefined.ts";

test("what is JSON is read, and what is none is undefined and not an error", () => {
  assert.deepEqual(jsonOrUndefined('{"a": [1, null]}'), { a: [1, null] });
  assert.equal(jsonOrUndefined("null"), null);
  for (const text of ["", "{", "undefined", '{"a": 1} {"b": 2}']) assert.equal(jsonOrUndefined(text), undefined);
});
