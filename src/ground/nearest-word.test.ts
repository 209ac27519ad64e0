import assert from "node:assert/strict";
import test from "node:test";
import { editDistance, nearestWord } from "./nearest-word.ts";

test("a swap of neighbours, a missing, an extra and a wrong letter are one edit each", () => {
  assert.equal(editDistance("pakcages", "packages"), 1);
  assert.equal(editDistance("pakages", "packages"), 1);
  assert.equal(editDistance("packagess", "packages"), 1);
  assert.equal(editDistance("packoges", "packages"), 1);
  assert.equal(editDistance("", "abc"), 3);
  assert.equal(editDistance("kitten", "sitting"), 3);
});

test("the nearest word is proposed, whatever its case, and nothing when none is near", () => {
  const words = ["packages", "files", "port", "run"];
  assert.equal(nearestWord("pakages", words), "packages");
  assert.equal(nearestWord("Packages", words), "packages");
  assert.equal(nearestWord("prot", words), "port");
  assert.equal(nearestWord("ru", words), "run");
  assert.equal(nearestWord("xy", words), undefined);
  assert.equal(nearestWord("replicas", words), undefined);
});
