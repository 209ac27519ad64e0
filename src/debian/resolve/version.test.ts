import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { openTestApt } from "../../../test/support/test-apt.ts";
import type { VersionOperator } from "../package.ts";
import { compareVersions, parseVersion, satisfiesVersion } from "./version.ts";

const order: readonly (readonly [older: string, newer: string])[] = [
  ["1.0~rc1", "1.0"],
  ["1.0~~", "1.0~"],
  ["1.0~", "1.0"],
  ["1.0", "1.0a"],
  ["1.0a", "1.0+"],
  ["1.0-1", "1.0-1+b1"],
  ["1.0-1~bpo11+1", "1.0-1"],
  ["9", "10"],
  ["1.9", "1.10"],
  ["1.0", "1:0.5"],
  ["2:0", "10:0"],
  ["1.2.3", "1.2.3-0.1"],
  ["1-2-1", "1-2-2"],
  ["20230101000000000000000001", "20230101000000000000000002"],
  ["1.a", "1.a1"],
  ["1.A", "1.a"],
];

const equal: readonly (readonly [string, string])[] = [
  ["1.0", "0:1.0"],
  ["1.0", "1.0-0"],
  ["1.01", "1.1"],
  ["1.0-00", "1.0-0"],
  ["1a0", "1a"],
];

test("versions are ordered by Debian Policy", () => {
  for (const [older, newer] of order) {
    assert.ok(compareVersions(older, newer) < 0, `${older} < ${newer}`);
    assert.ok(compareVersions(newer, older) > 0, `${newer} > ${older}`);
  }
  for (const [a, b] of equal) assert.equal(compareVersions(a, b), 0, `${a} = ${b}`);
});

test("an operator holds exactly for its part of the order", () => {
  const holds = (version: string, operator: VersionOperator) => satisfiesVersion(version, operator, "2");
  assert.deepEqual(
    ["1", "2", "3"].map((version) => holds(version, "<<")),
    [true, false, false],
  );
  assert.deepEqual(
    ["1", "2", "3"].map((version) => holds(version, "<=")),
    [true, true, false],
  );
  assert.deepEqual(
    ["1", "2", "3"].map((version) => holds(version, "=")),
    [false, true, false],
  );
  assert.deepEqual(
    ["1", "2", "3"].map((version) => holds(version, ">=")),
    [false, true, true],
  );
  assert.deepEqual(
    ["1", "2", "3"].map((version) => holds(version, ">>")),
    [false, false, true],
  );
});

for (const [text, problem] of [
  ["", "it is empty"],
  ["1 2", "it contains a space"],
  [":1", "the epoch before the colon is empty"],
  ["a:1", 'the epoch "a" is not a number'],
  ["2147483648:1", "the epoch 2147483648 is too large"],
  ["1:", "there is no upstream version"],
  ["-1", "there is no upstream version"],
  ["x1", "the upstream version does not begin with a digit"],
  ["1.0-", "the revision after the hyphen is empty"],
  ["1.0_2", 'the character "_" is not allowed'],
  ["1.0-2:1", 'the epoch "1.0-2" is not a number'],
] as const)
  test(`${JSON.stringify(text)} is refused as a version: ${problem}`, () => {
    assert.throws(() => parseVersion(text), { code: "version-malformed", message: new RegExp(escape(problem)) });
  });

test("2,000 pairs from the archive are ordered as by dpkg", async (t) => {
  if (!existsSync("/usr/bin/dpkg")) return t.skip("needs dpkg: not installed");
  const opened = await openTestApt();
  if (typeof opened === "string") return t.skip(opened);
  const versions = [...new Set(sampleVersions(opened.index.names(), (name) => opened.index.candidate(name)?.version))];
  const pairs = makePairs(versions, 2000);
  const claims = pairs.map(([a, b]) => `${a} ${relationOf(a, b)} ${b}`);
  const wrong = refusedByDpkg(claims);
  assert.deepEqual(wrong, []);
});

function* sampleVersions(names: Iterable<string>, versionOf: (name: string) => string | undefined): Iterable<string> {
  yield* [...order, ...equal].flat();
  let count = 0;
  for (const name of names) {
    count += 1;
    const version = count % 37 === 0 ? versionOf(name) : undefined;
    if (version !== undefined) yield version;
  }
}

/** Neighbours, in the alphabet as in the list, are the hard cases; half of the pairs are a version and a small change of it. */
function makePairs(versions: readonly string[], count: number): readonly (readonly [string, string])[] {
  const sorted = versions.toSorted();
  const changes = [
    (text: string) => `${text}~`,
    (text: string) => `${text}+b1`,
    (text: string) => text.replace(/\d/, "0$&"),
    (text: string) => text.replace("-", "~-"),
    (text: string) => text.replace(/[.]/, "+"),
  ];
  return Array.from({ length: count }, (_, index) => {
    const a = sorted[index % sorted.length] ?? "0";
    const change = changes[index % changes.length];
    return [a, index % 2 === 0 || !change ? (sorted[(index * 7 + 1) % sorted.length] ?? "0") : change(a)] as const;
  });
}

function relationOf(a: string, b: string): "lt" | "eq" | "gt" {
  const compared = compareVersions(a, b);
  if (compared === 0) return "eq";
  return compared < 0 ? "lt" : "gt";
}

/** The claims that `dpkg --compare-versions` denies; it takes one a call. */
function refusedByDpkg(claims: readonly string[]): readonly string[] {
  const script = 'while read -r a op b; do dpkg --compare-versions "$a" "$op" "$b" || echo "$a $op $b"; done';
  const output = execFileSync("sh", ["-c", script], { input: `${claims.join("\n")}\n` });
  return output
    .toString()
    .split("\n")
    .filter((line) => line !== "");
}

function escape(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
