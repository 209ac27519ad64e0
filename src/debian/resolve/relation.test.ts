import assert from "node:assert/strict";
import { test } from "node:test";
import { formatDependency, parseDependencies, parseProvides, parseRelations } from "./relation.ts";

test("alternatives, versions and qualifiers are read, whatever the spacing", () => {
  assert.deepEqual(parseDependencies("a, b (>= 1:2.0-3~x) |c:any(<<4),\n d [amd64]".replace(" [amd64]", ""), "x"), [
    [{ name: "a" }],
    [
      { name: "b", operator: ">=", version: "1:2.0-3~x" },
      { name: "c", qualifier: "any", operator: "<<", version: "4" },
    ],
    [{ name: "d" }],
  ]);
});

test("an empty field and a trailing comma are harmless", () => {
  assert.deepEqual(parseDependencies("", "x"), []);
  assert.deepEqual(parseDependencies(" a , ", "x"), [[{ name: "a" }]]);
});

test("the old < and > mean <= and >=", () => {
  assert.deepEqual(parseRelations("a (< 1), b (> 1)", "x"), [
    { name: "a", operator: "<=", version: "1" },
    { name: "b", operator: ">=", version: "1" },
  ]);
});

test("a dependency is written as it was read", () => {
  const text = "libc6 (>= 2.36) | python3:any (<< 3.12) | awk";
  assert.deepEqual(parseDependencies(text, "x").map(formatDependency), [text]);
});

test("provisions keep their versions, and only = may stand there", () => {
  assert.deepEqual(parseProvides("awk, httpd-cgi (= 2)", "x"), [{ name: "awk" }, { name: "httpd-cgi", version: "2" }]);
  assert.throws(() => parseProvides("awk (>= 2)", "mawk: Provides"), {
    code: "relation-malformed",
    message: /^mawk: Provides: awk is provided with >=/,
  });
});

for (const [text, message] of [
  ["a, (>= 1)", '"(>= 1)" is not "name", "name:arch" or "name (>= version)" at character 3'],
  ["a (>= 1", 'a bracket without its other in "a (>= 1" at character 1'],
  ["a (~ 1)", '"a (~ 1)" is not "name", "name:arch" or "name (>= version)" at character 1'],
  ["a,, b", "nothing between two commas at character 3"],
  ["a | | b", "nothing between two separators at character 4"],
  ["a b", '"a b" is not "name", "name:arch" or "name (>= version)" at character 1'],
] as const)
  test(`${JSON.stringify(text)} is refused, with text and place`, () => {
    assert.throws(() => parseDependencies(text, "web: Depends"), {
      code: "relation-malformed",
      message: `web: Depends: ${message}`,
    });
  });
