import assert from "node:assert/strict";
import { test } from "node:test";
import { IngotError } from "../../ground/error.ts";
import { judgeScan, noteUnrated, parseFailOn } from "./fail-on.ts";
import type { Finding, ScanResult } from "./finding.ts";
import { makeFinding, makeSource, testDigest } from "./scan.fixture.ts";

function judge(
  rules: readonly string[],
  finding: Finding,
  sources = [makeSource("osv")],
  gaps: readonly string[] = [],
): boolean {
  return judgeScan(resultOf([finding], { sources, gaps }), parseFailOn(rules)).failed;
}

function resultOf(findings: readonly Finding[], more: Partial<ScanResult> = {}): ScanResult {
  return {
    image: testDigest,
    scanned: "2026-11-21T12:00:00.000Z",
    sources: [makeSource("osv")],
    packages: { deb: 1, npm: 0, pypi: 0, golang: 0 },
    findings,
    gaps: [],
    notes: [],
    ...more,
  };
}

test("a severity means that and worse, but unknown means only itself", () => {
  assert.equal(judge(["high"], makeFinding({ severity: "critical" })), true);
  assert.equal(judge(["high"], makeFinding({ severity: "high" })), true);
  assert.equal(judge(["high"], makeFinding({ severity: "medium" })), false);
  assert.equal(judge(["negligible"], makeFinding({ severity: "unknown" })), false);
  assert.equal(judge(["unknown"], makeFinding({ severity: "unknown" })), true);
  assert.equal(judge(["unknown"], makeFinding({ severity: "critical" })), false);
});

test("fixable, kev and the age of a fix are conditions of their own", () => {
  const fixed = makeFinding({ state: "fixed", fixedSince: "2026-10-22T12:00:00Z" });
  assert.equal(judge(["fixable"], fixed), true);
  assert.equal(judge(["fixable"], makeFinding()), false);
  assert.equal(judge(["kev"], makeFinding({ knownExploited: "2026-01-01" })), true);
  assert.equal(judge(["kev"], fixed), false);
  assert.equal(judge(["fix-age=30d"], fixed), true);
  assert.equal(judge(["fix-age=31d"], fixed), false);
  assert.equal(judge(["fix-age=0d"], makeFinding({ state: "fixed" })), false);
  assert.equal(judge(["fix-age=1d"], makeFinding({ state: "open", fixedSince: "2020-01-01" })), false);
});

test("words joined by + must all hold; a comma or a second option means any", () => {
  const high = makeFinding({ severity: "high" });
  assert.equal(judge(["high+fixable"], high), false);
  assert.equal(judge(["high+fixable"], { ...high, state: "fixed" }), true);
  assert.equal(judge(["kev,high"], high), true);
  assert.equal(judge(["kev", "high"], high), true);
});

test("an excepted finding does not count, one that someone only looks at does", () => {
  const finding = makeFinding({ severity: "critical" });
  const exception = { reason: "r", owner: "o", expires: "2027-01-01", document: "d" };
  assert.equal(judge(["critical"], { ...finding, exception: { ...exception, status: "not_affected" } }), false);
  assert.equal(judge(["critical"], { ...finding, exception: { ...exception, status: "fixed" } }), false);
  assert.equal(judge(["critical"], { ...finding, exception: { ...exception, status: "affected" } }), true);
  assert.equal(judge(["critical"], { ...finding, exception: { ...exception, status: "under_investigation" } }), true);
});

test("without a source of advisories a condition is never met; without a condition nothing fails", () => {
  assert.equal(judge(["critical"], makeFinding(), []), true);
  assert.equal(judge(["critical"], makeFinding(), [makeSource("kev"), makeSource("epss")]), true);
  assert.equal(judge(["critical"], makeFinding()), false);
  assert.equal(judge([], makeFinding({ severity: "critical" }), []), false);
});

test("where packages could not be looked at, a condition is never met, whatever was found in others", () => {
  assert.equal(judge(["critical"], makeFinding(), undefined, ["no source knows the packages of Debian jessie"]), true);
  assert.equal(judge([], makeFinding(), undefined, ["no source knows the packages of Debian jessie"]), false);
});

test("findings that nobody rates are told where only severities are asked for", () => {
  const note = (rules: readonly string[], finding: Finding) => noteUnrated(resultOf([finding]), parseFailOn(rules));
  assert.match(note(["high+fixable"], makeFinding()) ?? "", /^1 finding is rated by no source/);
  assert.equal(note(["high", "unknown"], makeFinding()), undefined);
  assert.equal(note(["kev"], makeFinding()), undefined);
  assert.equal(note(["high"], makeFinding({ severity: "low" })), undefined);
  const exception = { status: "fixed", reason: "r", owner: "o", expires: "2027-01-01", document: "d" } as const;
  assert.equal(note(["high"], makeFinding({ exception })), undefined);
});

test("a severity that no source could give closes the gate, and opens it only where nothing is unrated", () => {
  const alone = [makeSource("security-suite")];
  const unrated = makeFinding({ severity: "unknown" });
  assert.equal(judge(["high"], unrated, alone), true);
  assert.equal(judge(["high+fixable"], unrated, alone), true);
  assert.equal(judge(["high"], unrated, [...alone, makeSource("debian-tracker")]), false);
  assert.equal(judge(["kev"], unrated, alone), false);
  assert.equal(judgeScan(resultOf([], { sources: alone }), parseFailOn(["high"])).failed, false);
  const exception = { status: "fixed", reason: "r", owner: "o", expires: "2027-01-01", document: "d" } as const;
  assert.equal(judge(["high"], makeFinding({ severity: "unknown", exception }), alone), false);
  const { reasons } = judgeScan(resultOf([unrated], { sources: alone }), parseFailOn(["high"]));
  assert.match(reasons[0] ?? "", /^high: 1 finding is rated by no source: add a feed/);
});

test("the reasons name the rule and the findings", () => {
  const result = resultOf([makeFinding({ severity: "high" })]);
  assert.deepEqual(judgeScan(result, parseFailOn(["high", "kev"])), {
    failOn: ["high", "kev"],
    failed: true,
    reasons: ["high: 1 finding: CVE-2024-1000 in openssl"],
  });
});

test("an unknown word is a usage error with the nearest word", () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ["hihg", /"hihg"; did you mean high\?/],
    ["high+fixabel", /"fixabel" \(in "high\+fixabel"\); did you mean fixable\?/],
    ["fix-age=soon", /did you mean fix-age=30d\?/],
    ["fixage=30d", /did you mean fix-age=30d\?/],
    ["", /does not know ""/],
    ["high+", /does not know ""/],
    ["HIGH", /did you mean high\?/],
  ];
  for (const [text, expected] of cases) {
    assert.throws(
      () => parseFailOn([text]),
      (error: unknown) => error instanceof IngotError && error.code === "usage" && expected.test(error.message),
      text,
    );
  }
});
