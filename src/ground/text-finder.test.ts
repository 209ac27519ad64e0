import assert from "node:assert/strict";
import test from "node:test";
import { textFinder } from "./text-finder.ts";

test("a text is found whole, split over pieces, and after much else", () => {
  for (const pieces of [
    ["a needle here"],
    ["a nee", "dle"],
    ["n", "e", "e", "d", "l", "e"],
    ["x".repeat(1e6), "needle"],
  ]) {
    const finder = textFinder("needle");
    for (const piece of pieces) finder.add(Buffer.from(piece));
    assert.equal(finder.isFound(), true, pieces.join("|").slice(-40));
  }
});

test("what only looks like it is not found", () => {
  const finder = textFinder("needle");
  for (const piece of ["nee", "nee", "dl", "", "e"].toReversed()) finder.add(Buffer.from(piece));
  assert.equal(finder.isFound(), false);
});

test("a letter of several bytes may be split", () => {
  const finder = textFinder("✔");
  for (const byte of Buffer.from("a✔b")) finder.add(Buffer.from([byte]));
  assert.equal(finder.isFound(), true);
});

test("without a text everything fits", () => {
  assert.equal(textFinder(undefined).isFound(), true);
});
