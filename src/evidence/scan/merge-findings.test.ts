import assert from "node:assert/strict";
import { test } from "node:test";
import type { Finding, ScanSource } from "./finding.ts";
import { mergeFindings } from "./merge-findings.ts";
import { makeFinding, makeSource } from "./scan.fixture.ts";

function merge(bySource: Partial<Record<ScanSource["kind"], readonly Finding[]>>): readonly Finding[] {
  const entries = Object.entries(bySource) as [ScanSource["kind"], readonly Finding[]][];
  return mergeFindings(entries.map(([kind, findings]) => ({ source: makeSource(kind), findings })));
}

function mergeOne(bySource: Parameters<typeof merge>[0]): Finding {
  const found = merge(bySource);
  assert.equal(found.length, 1, JSON.stringify(found.map(({ id }) => id)));
  return found[0] as Finding;
}

test("the same id and package of two sources is one finding with the evidence of both", () => {
  const found = mergeOne({
    osv: [makeFinding({ evidence: [{ source: "osv", text: "range 0 to 3.0.12" }] })],
    "debian-tracker": [makeFinding({ evidence: [{ source: "debian-tracker", text: "open" }] })],
  });
  assert.deepEqual(found.evidence, [
    { source: "debian-tracker", text: "open" },
    { source: "osv", text: "range 0 to 3.0.12" },
  ]);
});

test("the same id in another package, or another version of it, is another finding", () => {
  const others = [makeFinding({ package: { name: "gnutls28" } }), makeFinding({ package: { version: "1.1.1-1" } })];
  assert.equal(merge({ osv: [makeFinding()], "debian-tracker": others }).length, 3);
});

test("fixed by one source beats open by another, keeps the first version with the fix and the earliest day", () => {
  const found = mergeOne({
    "debian-tracker": [makeFinding({ state: "open" })],
    osv: [makeFinding({ state: "fixed", fixedVersion: "3.0.11-1~deb12u10", fixedSince: "2024-03-05" })],
    "security-suite": [makeFinding({ state: "fixed", fixedVersion: "3.0.11-1~deb12u9", fixedSince: "2024-04-01" })],
  });
  assert.equal(found.state, "fixed");
  // By dpkg's order, not by letters: u9 is before u10.
  assert.equal(found.fixedVersion, "3.0.11-1~deb12u9");
  assert.equal(found.fixedSince, "2024-03-05");
  assert.equal(found.evidence.length, 3);
});

test("a fixed version of a source whose state lost does not become the fix", () => {
  const found = mergeOne({
    osv: [makeFinding({ state: "open", fixedVersion: "9.9" })],
    "debian-tracker": [makeFinding({ state: "no-dsa" })],
  });
  assert.equal(found.state, "no-dsa");
  assert.equal(found.fixedVersion, undefined);
});

test("a fixed version that dpkg would not read loses to one that it does not have to be compared with", () => {
  const found = mergeOne({
    "debian-tracker": [makeFinding({ state: "fixed", fixedVersion: "3.0.12-1" })],
    osv: [makeFinding({ state: "fixed", fixedVersion: "not a version" })],
  });
  assert.equal(found.fixedVersion, "3.0.12-1");
});

test("Debian's own rating wins over OSV's, and unknown over none", () => {
  const rated = { osv: [makeFinding({ severity: "critical", title: "of OSV" })] };
  assert.equal(mergeOne({ ...rated, "debian-tracker": [makeFinding({ severity: "low" })] }).severity, "low");
  const unrated = mergeOne({
    ...rated,
    "debian-tracker": [makeFinding()],
    "security-suite": [makeFinding({ severity: "high", title: "of the suite" })],
  });
  assert.equal(unrated.severity, "critical");
  assert.equal(unrated.title, "of OSV");
});

test("GHSA, PYSEC and CVE of one vulnerability are joined under the CVE, also in two steps", () => {
  const found = mergeOne({
    osv: [
      makeFinding({ id: "GHSA-aaaa-bbbb-cccc", aliases: ["CVE-2024-1000"] }),
      makeFinding({ id: "PYSEC-2024-7", aliases: ["GHSA-aaaa-bbbb-cccc"] }),
    ],
    "debian-tracker": [makeFinding()],
  });
  assert.equal(found.id, "CVE-2024-1000");
  assert.deepEqual(found.aliases, ["GHSA-aaaa-bbbb-cccc", "PYSEC-2024-7"]);
});

test("without any CVE, names of one vulnerability are still one finding", () => {
  const found = mergeOne({
    osv: [makeFinding({ id: "PYSEC-2024-7", aliases: ["GHSA-x"] }), makeFinding({ id: "GHSA-x" })],
  });
  assert.equal(found.id, "GHSA-x");
  assert.deepEqual(found.aliases, ["PYSEC-2024-7"]);
});

test("an advisory of several CVEs becomes each of them, and does not make them one", () => {
  const found = merge({
    osv: [makeFinding({ id: "DSA-5532-1", aliases: ["CVE-2024-1000", "CVE-2024-2000"], state: "fixed" })],
    "debian-tracker": [
      makeFinding({ id: "CVE-2024-1000", severity: "high" }),
      makeFinding({ id: "CVE-2024-2000", severity: "low" }),
    ],
  });
  assert.deepEqual(
    found.map(({ id, severity, state, aliases }) => ({ id, severity, state, aliases })),
    [
      { id: "CVE-2024-1000", severity: "high", state: "fixed", aliases: ["DSA-5532-1"] },
      { id: "CVE-2024-2000", severity: "low", state: "fixed", aliases: ["DSA-5532-1"] },
    ],
  );
});

test("an advisory that names no CVE joins the findings that name it", () => {
  const found = merge({
    osv: [makeFinding({ id: "DSA-5532-1" })],
    "debian-tracker": [makeFinding({ aliases: ["DSA-5532-1"] })],
  });
  assert.deepEqual(
    found.map(({ id }) => id),
    ["CVE-2024-1000"],
  );
  assert.equal(found[0]?.evidence.length, 2);
});

test("two CVEs that share an entry of another database stay two", () => {
  const found = merge({
    "debian-tracker": [
      makeFinding({ id: "CVE-2024-1000", aliases: ["GHSA-x"] }),
      makeFinding({ id: "CVE-2024-2000", aliases: ["GHSA-x"] }),
    ],
  });
  assert.equal(found.length, 2);
});

test("a finding without evidence names its source all the same", () => {
  assert.deepEqual(mergeOne({ osv: [makeFinding()] }).evidence, [{ source: "osv", text: "osv lists CVE-2024-1000" }]);
});
