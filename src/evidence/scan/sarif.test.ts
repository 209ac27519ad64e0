import assert from "node:assert/strict";
import { test } from "node:test";
import { assertSarif } from "../../../test/support/report-schemas.ts";
import type { Finding, ScanResult } from "./finding.ts";
import { makeSarif } from "./sarif.ts";
import { makeFinding, makeSource, testDigest } from "./scan.fixture.ts";

type Sarif = {
  readonly runs: readonly {
    readonly tool: { readonly driver: { readonly rules: readonly Rule[] } };
    readonly results: readonly Result[];
  }[];
};
type Rule = {
  readonly id: string;
  readonly shortDescription: { readonly text: string };
  readonly properties: Readonly<Record<string, unknown>>;
};
type Result = {
  readonly ruleId: string;
  readonly ruleIndex: number;
  readonly level: string;
  readonly message: { readonly text: string };
  readonly locations: readonly {
    readonly physicalLocation: { readonly artifactLocation: { readonly uri: string } };
    readonly logicalLocations: readonly { readonly fullyQualifiedName: string }[];
  }[];
  readonly partialFingerprints: Readonly<Record<string, string>>;
  readonly suppressions?: readonly object[];
};

function make(findings: readonly Finding[], name = "127.0.0.1:5000/shop/web:1") {
  const result: ScanResult = {
    image: testDigest,
    name,
    scanned: "2026-11-21T12:00:00.000Z",
    sources: [makeSource("osv")],
    packages: { deb: 2, npm: 0, pypi: 0, golang: 0 },
    gaps: [],
    findings,
    notes: ["a feed is old"],
  };
  const sarif = makeSarif(result, { version: "0.1.0" });
  assertSarif(sarif);
  const [run] = (sarif as Sarif).runs;
  assert.ok(run);
  return { rules: run.tool.driver.rules, results: run.results };
}

test("SARIF is valid by the standard's schema: empty, full, and with hostile text", () => {
  make([]);
  make([
    makeFinding({ severity: "high", title: "a\u001b[2Jtitle\nof two lines", state: "fixed", fixedVersion: "3.0.12-1" }),
    makeFinding({ id: "CVE-1\u0000", knownExploited: "2026-01-01", epss: { score: 0.1, percentile: 0.2 } }),
    makeFinding({ package: { ecosystem: "npm", name: "@scope/a b", version: "1.0.0", binaries: [] } }),
  ]);
});

test("text of others neither moves a cursor nor makes a link", () => {
  const { rules } = make([makeFinding({ title: "see [the fix](https://evil.example)\u009b2J\u202e" })]);
  assert.deepEqual(rules[0]?.shortDescription, { text: "see [the fix] (https://evil.example)\ufffd2J\ufffd" });
});

test("a rule has the worst score of its findings in the words' ranges, and none where nobody rates it", () => {
  const { rules, results } = make([
    makeFinding({ severity: "low" }),
    makeFinding({ severity: "critical", package: { name: "gnutls28" } }),
    makeFinding({ id: "CVE-2024-2000" }),
  ]);
  assert.deepEqual(
    rules.map(({ id, properties }) => [id, properties["security-severity"]]),
    [
      ["CVE-2024-1000", "9.5"],
      ["CVE-2024-2000", undefined],
    ],
  );
  assert.deepEqual(
    results.map(({ ruleId, ruleIndex, level }) => [ruleId, ruleIndex, level]),
    [
      ["CVE-2024-1000", 0, "note"],
      ["CVE-2024-1000", 0, "error"],
      ["CVE-2024-2000", 1, "warning"],
    ],
  );
});

test("a result is at the image and the package, with a place that is no other scheme's address", () => {
  const { results } = make([makeFinding({ state: "fixed", fixedVersion: "3.0.12-1" })]);
  const [location] = results[0]?.locations ?? [];
  assert.equal(location?.physicalLocation.artifactLocation.uri, "127.0.0.1%3A5000/shop/web%3A1");
  assert.deepEqual(
    location.logicalLocations.map(({ fullyQualifiedName }) => fullyQualifiedName),
    ["pkg:deb/debian/openssl@3.0.11-1?arch=source", testDigest],
  );
  assert.match(
    results[0]?.message.text ?? "",
    /fixed in 3\.0\.12-1\. Installed: libssl3=3\.0\.11-1, openssl=3\.0\.11-1$/,
  );
});

test("an exception is a suppression with its justification; a statement that suppresses nothing is none", () => {
  const exception = {
    reason: "vulnerable_code_not_present",
    owner: "Ana",
    expires: "2027-01-01",
    document: "vex/web.json",
  };
  const { results } = make([
    makeFinding({ exception: { ...exception, status: "not_affected" } }),
    makeFinding({ id: "CVE-2024-2000", exception: { ...exception, status: "under_investigation" } }),
  ]);
  assert.deepEqual(results[0]?.suppressions, [
    {
      kind: "external",
      status: "accepted",
      justification: "not_affected: vulnerable_code_not_present (Ana, until 2027-01-01; vex/web.json)",
    },
  ]);
  assert.equal(results[1]?.suppressions, undefined);
});

test("a finding keeps its fingerprint when the package moves to another version that has it too", () => {
  const print = (version: string) => make([makeFinding({ package: { version } })]).results[0]?.partialFingerprints;
  assert.deepEqual(print("1.0-1"), print("1.0-2"));
  assert.notDeepEqual(
    print("1.0-1"),
    make([makeFinding({ package: { name: "gnutls28" } })]).results[0]?.partialFingerprints,
  );
});
