import assert from "node:assert/strict";
import { test } from "node:test";
import packageJson from "../../package.json" with { type: "json" };
import { readVersion } from "./version.ts";

test("the version is that of package.json", () => {
  assert.equal(readVersion(), packageJson.version);
  assert.match(readVersion(), /^\d+\.\d+\.\d+$/);
});
