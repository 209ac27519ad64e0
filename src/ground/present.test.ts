import assert from "node:assert/strict";
import { test } from "node:test";
import { present } from "./present.ts";

test("what is there is given back, also when it is empty; what is missing is a mistake in Ingot", () => {
  assert.equal(present("", "the name"), "");
  assert.equal(present(0, "the number"), 0);
  assert.throws(() => present(undefined, "the name"), { code: "internal-error", message: "the name is missing" });
});
