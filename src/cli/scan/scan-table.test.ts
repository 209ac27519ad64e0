import assert from "node:assert/strict";
import { test } from "node:test";
import type { Finding, ScanResult } from "../../evidence/scan/finding.ts";
import { makeFinding, makeSource, testDigest } from "../../evidence/scan/scan.fixture.ts";
import { plainText } from "../plain-text.ts";
import { formatScan } from "./scan-table.ts";

const passed = { failOn: [], failed: false, reasons: [] };

function resultOf(findings: readonly Finding[], more: Partial<ScanResult> = {}): ScanResult {
  return {
    image: testDigest,
    name: "shop/web",
    scanned: "2026-11-21T12:00:00.000Z",
    sources: [makeSource("debian-tracker"), makeSource("kev")],
    packages: { deb: 117, npm: 3, pypi: 0, golang: 0 },
    gaps: [],
    findings,
    notes: [],
    ...more,
  };
}

const exception = {
  status: "not_affected",
  reason: "vulnerable_code_not_present",
  owner: "Ana",
  expires: "2027-01-31",
  document: "vex/web.json",
} as const;

test("a scan is read from the top: what, worst first, what is excepted, what to do, how it went", () => {
  const findings = [
    makeFinding({
      id: "CVE-2024-2000",
      severity: "high",
      state: "fixed",
      fixedVersion: "3.0.12-1",
      knownExploited: "2026-01-02",
      epss: { score: 0.93, percentile: 0.99 },
      evidence: [{ source: "debian-tracker", text: "bookworm: fixed in 3.0.12-1" }],
    }),
    makeFinding({ severity: "low", state: "no-dsa", epss: { score: 0.004, percentile: 0.1 } }),
    makeFinding({ id: "CVE-2024-3000", state: "end-of-life", package: { name: "old" } }),
    makeFinding({ id: "CVE-2024-4000", severity: "medium", exception }),
  ];
  const verdict = { failOn: ["kev"], failed: true, reasons: ["kev: 1 finding: CVE-2024-2000 in openssl"] };
  const text = formatScan(resultOf(findings, { notes: ["a feed is old"] }), verdict, {
    more: ["not signed"],
    evidence: true,
  });
  assert.equal(
    text,
    `image     shop/web  ${testDigest}
packages  117 deb, 3 npm
sources   debian-tracker of 2026-11-20, kev of 2026-11-20

SEVERITY  ID             PACKAGE  INSTALLED  FIXED     STATE        MARKS         SOURCE
high      CVE-2024-2000  openssl  3.0.11-1   3.0.12-1  fixed        KEV EPSS 93%  debian-tracker
low       CVE-2024-1000  openssl  3.0.11-1   -         no-dsa       EPSS 0.4%
unknown   CVE-2024-3000  old      3.0.11-1   -         end-of-life  -

excepted:
SEVERITY  ID             PACKAGE  INSTALLED  STATUS        UNTIL       OWNER  REASON                       DOCUMENT
medium    CVE-2024-4000  openssl  3.0.11-1   not_affected  2027-01-31  Ana    vulnerable_code_not_present  vex/web.json

evidence:
  CVE-2024-2000 in openssl
    debian-tracker: bookworm: fixed in 3.0.12-1
  CVE-2024-1000 in openssl
  CVE-2024-3000 in old
  CVE-2024-4000 in openssl

what to do:
  first what is being exploited: CVE-2024-2000
  1 finding has a fix in Debian: ingot lock --update --security && ingot build web
  nobody looks after old any more (end of life): replace it, or move to a newer release
  1 finding has no fix yet: take the package out, or say why it may stay: ingot scan shop/web --vex-out vex/start.json --author NAME

notes:
  a feed is old
  not signed

3 findings, 1 with a fix, 1 excepted
failed by --fail-on kev: 1 finding: CVE-2024-2000 in openssl`,
  );
});

test("findings that differ in their ids only are one row, and every id is named below it", () => {
  const alike = Array.from({ length: 9 }, (_, index) => makeFinding({ id: `CVE-2026-1000${index}` }));
  const text = formatScan(
    resultOf([
      makeFinding({ id: "CVE-2026-1", severity: "high" }),
      ...alike,
      makeFinding({ id: "CVE-2026-2", package: { name: "zlib" } }),
      makeFinding({ id: "CVE-2026-3", package: { name: "zlib" } }),
    ]),
    passed,
  );
  assert.ok(
    text.includes(`
SEVERITY  ID          PACKAGE  INSTALLED  FIXED  STATE  MARKS  SOURCE
high      CVE-2026-1  openssl  3.0.11-1   -      open   -
unknown   9 findings  openssl  3.0.11-1   -      open   -
            CVE-2026-10000, CVE-2026-10001, CVE-2026-10002, CVE-2026-10003, CVE-2026-10004, CVE-2026-10005,
            CVE-2026-10006, CVE-2026-10007, CVE-2026-10008
unknown   CVE-2026-2  zlib     3.0.11-1   -      open   -
unknown   CVE-2026-3  zlib     3.0.11-1   -      open   -
`),
    text,
  );
  assert.match(text, /\n12 findings, /);
});

test("what to do names the image as the person did", () => {
  const text = formatScan(resultOf([makeFinding({})]), passed, { asked: "oci:folder:web" });
  assert.match(text, /: ingot scan oci:folder:web --vex-out /);
});

test("without findings there is nothing to do, and no empty table", () => {
  const text = formatScan(resultOf([]), passed);
  assert.match(text, /\n\nno findings\n\n0 findings, 0 with a fix, 0 excepted$/);
  assert.ok(!text.includes("what to do"));
});

test("text of feeds and changelogs cannot forge lines, move the cursor or turn the direction of text", () => {
  const hostile = "CVE-1\n0 findings, 0 with a fix\u001b[2J\u202e";
  const finding = makeFinding({
    id: hostile,
    title: hostile,
    fixedVersion: hostile,
    state: "fixed",
    package: { name: hostile, version: hostile },
    evidence: [{ source: hostile, text: hostile }],
    knownExploited: hostile,
    exception: { ...exception, status: "affected", reason: hostile, owner: hostile, document: hostile },
  });
  const excepted = { ...finding, exception: { ...exception, reason: hostile, owner: hostile, document: hostile } };
  const sources = [{ ...makeSource("osv", hostile), date: hostile }];
  const text = formatScan(resultOf([finding, excepted], { notes: [hostile], sources }), passed, { evidence: true });
  // As the frame prints it.
  const shown = plainText(text);
  // oxlint-disable-next-line no-control-regex
  assert.doesNotMatch(shown, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
  assert.doesNotMatch(shown, /^\s*0 findings/m);
});
