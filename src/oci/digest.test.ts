import assert from "node:assert/strict";
import { test } from "node:test";
import { digester, digestOf, hexOf, isDigest, shortDigest } from "./digest.ts";

const empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

test("a digest is that of the bytes, whole or in pieces", () => {
  assert.equal(digestOf(""), empty);
  const pieces = digester();
  for (const piece of ["in", "got"]) pieces.update(Buffer.from(piece));
  assert.equal(pieces.digest(), digestOf("ingot"));
});

test("a digest is sha256 and 64 lower-case digits, and nothing else", () => {
  assert.ok(isDigest(empty));
  for (const text of [empty.toUpperCase(), empty.slice(7), `${empty}0`, `${empty}\n`, empty.slice(0, -1)])
    assert.ok(!isDigest(text), text);
});

test("a digest is shown by its first twelve digits", () => {
  assert.equal(shortDigest(empty), "sha256:e3b0c44298fc");
  assert.equal(hexOf(digestOf("")).length, 64);
});
