import assert from "node:assert/strict";
import { test } from "node:test";
import { comparePythonVersions, parsePythonVersion } from "./order-pep440.ts";

function compare(a: string, b: string): number {
  const left = parsePythonVersion(a);
  const right = parsePythonVersion(b);
  assert.ok(left && right, `${a} and ${b} are versions`);
  return Math.sign(comparePythonVersions(left, right));
}

test("versions stand in the order that PEP 440 and the packaging library give them", () => {
  const ascending = [
    "1.0.dev456",
    "1.0a1",
    "1.0a2.dev456",
    "1.0a12.dev456",
    "1.0a12",
    "1.0b1.dev456",
    "1.0b2",
    "1.0b2.post345.dev456",
    "1.0b2.post345",
    "1.0rc1.dev456",
    "1.0rc1",
    "1.0",
    "1.0+abc.5",
    "1.0+abc.7",
    "1.0+5",
    "1.0.post456.dev34",
    "1.0.post456",
    "1.0.15",
    "1.1.dev1",
    "2013.10",
    "1!1.0.dev456",
    "1!1.0",
  ];
  for (const [index, version] of ascending.entries()) {
    for (const [other, later] of ascending.entries())
      assert.equal(compare(version, later), Math.sign(index - other), `${version} ${later}`);
  }
});

test("other spellings of the same version are equal", () => {
  const pairs = [
    ["1.0", "1"],
    ["1.0a1", "1.0.ALPHA-1"],
    ["1.0rc1", "v1.0c1"],
    ["1.0.post1", "1.0-1"],
    ["1.0.post0", "1.0.rev"],
    ["1.0.dev0", "1.0dev"],
    ["1.0+ubuntu.1", "1.0+ubuntu-1"],
  ] as const;
  for (const [a, b] of pairs) assert.equal(compare(a, b), 0, `${a} ${b}`);
});

test("what is no version is none", () => {
  for (const text of ["", "latest", "1.0-dev-r1716", "1.0.x", "1..0"])
    assert.equal(parsePythonVersion(text), undefined, text);
});
