import assert from "node:assert/strict";
import { test } from "node:test";
import { parsePurl } from "./parse-purl.ts";

function parts(text: string): unknown {
  const purl = parsePurl(text);
  return purl && [purl.type, purl.namespace, purl.name, purl.version, Object.fromEntries(purl.qualifiers)];
}

test("a package URL is taken apart as its specification says", () => {
  assert.deepEqual(parts("pkg:deb/debian/curl@7.88.1-10%2Bdeb12u5?arch=amd64&distro=bookworm"), [
    "deb",
    "debian",
    "curl",
    "7.88.1-10+deb12u5",
    { arch: "amd64", distro: "bookworm" },
  ]);
  assert.deepEqual(parts("pkg:npm/%40angular/animation@12.3.1"), ["npm", "@angular", "animation", "12.3.1", {}]);
  assert.deepEqual(parts("pkg:npm/@angular/animation"), ["npm", "@angular", "animation", undefined, {}]);
  assert.deepEqual(parts("pkg:npm/@x"), ["npm", "", "@x", undefined, {}]);
  assert.deepEqual(parts("pkg:golang/google.golang.org/genproto@abc#googleapis/api"), [
    "golang",
    "google.golang.org",
    "genproto",
    "abc",
    {},
  ]);
  assert.deepEqual(parts("pkg:GENERIC//a//b@1?x=&y=2"), ["generic", "a", "b", "1", { y: "2" }]);
});

test("what is no package URL is none, and a lone percent sign is taken as written", () => {
  for (const text of ["", "pkg:", "pkg:deb", "pkg:deb/", "https://example.org/a", "shop/web"])
    assert.equal(parsePurl(text), undefined, text);
  assert.equal(parsePurl("pkg:deb/debian/a@100%")?.version, "100%");
});
