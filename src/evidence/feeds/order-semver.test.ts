import assert from "node:assert/strict";
import { test } from "node:test";
import { compareSemver, parseSemver } from "./order-semver.ts";

function compare(a: string, b: string): number {
  const left = parseSemver(a);
  const right = parseSemver(b);
  assert.ok(left && right, `${a} and ${b} are versions`);
  return Math.sign(compareSemver(left, right));
}

test("versions stand in the order of Semantic Versioning 2.0.0, section 11, and Go's pseudo-versions in it", () => {
  const ascending = [
    "0.0.0-20190101000000-abcdefabcdef",
    "v0.0.0-20200101000000-0123456789ab",
    "0.0.1",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "1.2.3",
    "1.2.4-0.20210101000000-0123456789ab",
    "1.2.4",
    "1.10.0",
    "2.0.0+incompatible",
    "99999999999999999999.0.0",
  ];
  for (const [index, version] of ascending.entries()) {
    for (const [other, later] of ascending.entries())
      assert.equal(compare(version, later), Math.sign(index - other), `${version} ${later}`);
  }
});

test("build metadata has no part in the order, and Go's own releases are read", () => {
  assert.equal(compare("1.0.0+a", "1.0.0+b"), 0);
  assert.equal(compare("go1.22", "1.22.0"), 0);
  assert.equal(compare("go1.21rc2", "go1.21rc10"), -1);
  assert.equal(compare("go1.21rc2", "1.21.0"), -1);
});

test("what is no version is none", () => {
  for (const text of ["", "(devel)", "latest", "1.2.3.4", "1.0.0-", "1.0.0-a..b", "1".repeat(300)])
    assert.equal(parseSemver(text), undefined, text);
});
