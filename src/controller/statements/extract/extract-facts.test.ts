import assert from "node:assert/strict";
import { test } from "node:test";
import { makeScanPredicate } from "../../../evidence/scan/scan-predicate.ts";
import type { Finding, ScanResult } from "../../../evidence/scan/finding.ts";
import { extractFacts, type Extracted } from "./extract-facts.ts";
import { listPackages } from "./packages.ts";

const received = Date.parse("2026-11-21T12:00:00Z") / 1000;
const finished = new Date("2026-11-21T11:00:00Z");

function extract(kind: Extracted["kind"], predicate: unknown): object {
  return extractFacts({ kind, predicate, received });
}

function finding(more: Partial<Finding> = {}): Finding {
  const named = { ecosystem: "deb", name: "openssl", version: "3.0.1", binaries: ["libssl3=3.0.1"] } as const;
  const id = more.id ?? "CVE-2026-0001";
  return { id, aliases: [], package: named, state: "fixed", severity: "high", evidence: [], ...more };
}

function scanOf(findings: readonly Finding[], more: Partial<ScanResult> = {}): unknown {
  const result: ScanResult = {
    image: `sha256:${"1".repeat(64)}`,
    scanned: finished.toISOString(),
    sources: [{ name: "debian", kind: "debian-tracker", date: "2026-11-21", digest: "sha256:0" }],
    packages: { deb: 87, npm: 2, pypi: 0, golang: 0 },
    findings,
    gaps: [],
    notes: [],
    ...more,
  };
  // As it is after it was signed and read again.
  const made = makeScanPredicate(result, { started: finished, finished, version: "0.1.0", eventId: "1" });
  return JSON.parse(JSON.stringify(made));
}

test("a scan gives what can be fixed, since when, and what is exploited; what is excepted counts for neither", () => {
  const exception = { reason: "not called", owner: "Ana", document: "vex.json", expires: "2027-01-01" } as const;
  const facts = extract(
    "scan",
    scanOf([
      finding({ id: "CVE-1", severity: "critical", fixedSince: "2026-11-01T00:00:00Z" }),
      finding({ id: "CVE-2", severity: "high", fixedSince: "2026-11-02" }),
      finding({ id: "CVE-3", severity: "unknown" }),
      finding({ id: "CVE-4", severity: "medium" }),
      finding({ id: "CVE-5", severity: "critical", state: "open", knownExploited: "2026-11-03" }),
      finding({ id: "CVE-6", knownExploited: "2026-11-03", exception: { ...exception, status: "not_affected" } }),
      finding({ id: "CVE-7", exception: { ...exception, status: "under_investigation" }, fixedSince: "2026-11-04" }),
    ]),
  );
  const at = (day: string): number => Date.parse(`${day}T00:00:00Z`) / 1000;
  assert.deepEqual(facts, {
    kind: "scan",
    scan: {
      finished: finished.getTime() / 1000,
      exploited: ["CVE-5"],
      fixable: [
        { id: "CVE-1", severity: "critical", since: at("2026-11-01") },
        { id: "CVE-2", severity: "high", since: at("2026-11-02") },
        { id: "CVE-7", severity: "high", since: at("2026-11-04") },
        { id: "CVE-3", severity: "unknown", since: 0 },
      ],
      gaps: 0,
    },
  });
});

const notClean: readonly (readonly [string, unknown])[] = [
  ["of another scanner", { scanner: { uri: "pkg:github/aquasecurity/trivy@0.60", result: { Results: [] } } }],
  ["without a result", { scanner: { uri: "pkg:generic/ingot@1" } }],
  ["with a finding that is none", scanOf([{} as Finding])],
  ["with findings that are no list", scanOf({ length: 0 } as unknown as Finding[])],
  ["that asked no source of advisories", scanOf([], { sources: [] })],
  ["that asked only who is exploited", scanOf([], { sources: [{ name: "kev", kind: "kev", date: "", digest: "" }] })],
  ["with a gap", scanOf([], { gaps: ["no source knows the packages"] })],
  ["that is no object", "clean"],
  ["that is nothing", undefined],
];

for (const [what, predicate] of notClean) {
  test(`a scan ${what} is never a clean bill: it has gaps`, () => {
    const { scan } = extract("scan", predicate) as { scan: { gaps: number; exploited: string[]; fixable: object[] } };
    assert.ok(scan.gaps > 0, JSON.stringify(scan));
  });
}

test("hostile predicate: a million findings have gaps, quickly, and 100,000 fit in an event with the oldest fix of each rating", () => {
  const many = Array.from({ length: 1_000_000 }, () => 0);
  const { scan } = extract("scan", scanOf(many as unknown as Finding[])) as { scan: { gaps: number } };
  assert.ok(scan.gaps > 0);
  const start = performance.now();
  const findings = Array.from({ length: 100_000 }, (_, at) =>
    finding({
      id: `CVE-${"9".repeat(100)}-${at}`,
      severity: at % 2 === 0 ? "critical" : "high",
      fixedSince: new Date(Date.parse("2020-01-01T00:00:00Z") + (100_000 - at) * 1000).toISOString(),
      knownExploited: "2026-01-01",
    }),
  );
  const large = extract("scan", scanOf(findings)) as { scan: { fixable: { severity: string; since: number }[] } };
  assert.ok(performance.now() - start < 3000);
  assert.ok(JSON.stringify(large).length < 40_000, `${JSON.stringify(large).length} characters`);
  const oldest = Math.min(
    ...large.scan.fixable.filter(({ severity }) => severity === "high").map(({ since }) => since),
  );
  assert.equal(oldest, Date.parse("2020-01-01T00:00:01Z") / 1000);
});

test("hostile predicate: JSON that is nested without end, names of prototypes and wrong types are passed over", () => {
  const deep: unknown = JSON.parse(`${"[".repeat(200_000)}${"]".repeat(200_000)}`);
  const nested: unknown = JSON.parse(`${'{"a":'.repeat(200_000)}1${"}".repeat(200_000)}`);
  const values: readonly unknown[] = [
    deep,
    nested,
    null,
    1,
    "text",
    [],
    { toString: 1 },
    JSON.parse('{"__proto__":{"result":"PASSED"}}'),
  ];
  for (const value of values) {
    assert.ok(
      (extract("scan", { scanner: { uri: "pkg:generic/ingot@1", result: value } }) as { scan: { gaps: number } }).scan
        .gaps > 0,
    );
    assert.equal((extract("tests", value) as { passed: boolean }).passed, false);
    assert.ok("authors" in extract("provenance", { buildDefinition: value }));
    assert.ok(
      "reason" in extract("provenance", { buildDefinition: { resolvedDependencies: value } }) || Array.isArray(value),
    );
    assert.match((extract("verdict", value) as { no: string }).no, /its result is/);
    assert.deepEqual(extract("signature", value), { kind: "none" });
  }
  assert.equal(
    (extract("tests", JSON.parse('{"__proto__":{"result":"PASSED"}}')) as { passed: boolean }).passed,
    false,
  );
});

test("tests passed only where they say so and name nothing that failed; a failure without a date is as new as can be", () => {
  const finishedOn = finished.toISOString();
  const at = finished.getTime() / 1000;
  assert.deepEqual(extract("tests", { result: "PASSED", finishedOn, failedTests: [] }), {
    kind: "tests",
    passed: true,
    finished: at,
    failed: [],
  });
  assert.deepEqual(extract("tests", { result: "FAILED", finishedOn, failedTests: ["test:home\npage"] }), {
    kind: "tests",
    passed: false,
    finished: at,
    failed: ["test:home page"],
  });
  const passed = (predicate: object): unknown => (extract("tests", predicate) as { passed: boolean }).passed;
  assert.equal(passed({ result: "PASSED", failedTests: ["one"] }), false);
  assert.equal(passed({ result: "PASSED", failedTests: "one" }), false);
  assert.equal(passed({ result: "passed" }), false);
  const when = (predicate: object): unknown => (extract("tests", predicate) as { finished: number }).finished;
  assert.equal(when({ result: "PASSED" }), 0);
  assert.equal(when({ result: "FAILED" }), received);
  assert.equal(when({ result: "FAILED", finishedOn: "soon" }), received);
});

test("provenance gives the commit, who wrote and committed it, and what the image stands on", () => {
  const sha256 = "2".repeat(64);
  const inputs = [
    {
      name: "git",
      digest: { gitCommit: "a".repeat(40) },
      annotations: { authors: ["a@shop.example", "b@shop.example"] },
    },
    { name: "base", digest: { sha256 }, annotations: { kind: "base-oci" } },
    { name: "nginx.conf", digest: { sha256 }, annotations: { kind: "file" } },
  ];
  assert.deepEqual(extract("provenance", { buildDefinition: { resolvedDependencies: inputs } }), {
    kind: "provenance",
    commit: "a".repeat(40),
    authors: ["a@shop.example", "b@shop.example"],
    bases: [`sha256:${sha256}`],
  });
  const many = Array.from({ length: 300_000 }, () => ({}));
  // Attack: the author behind so much else that nobody reads as far.
  assert.ok("reason" in extract("provenance", { buildDefinition: { resolvedDependencies: many } }));
  const named = Array.from({ length: 101 }, (_, index) => `a${index}@shop.example`);
  const crowd = { digest: { gitCommit: "a".repeat(40) }, annotations: { authors: named } };
  assert.ok("reason" in extract("provenance", { buildDefinition: { resolvedDependencies: [crowd] } }));
  const bases = Array.from({ length: 201 }, (_, index) => ({
    annotations: { kind: "base-oci" },
    digest: { sha256: index.toString(16).padStart(64, "0") },
  }));
  assert.ok("reason" in extract("provenance", { buildDefinition: { resolvedDependencies: bases } }));
});

test("a bill of materials lists packages as revocations name them, from CycloneDX and SPDX alike", () => {
  const purls = [
    "pkg:deb/debian/libssl3@3.0.1-1?arch=amd64&distro=bookworm&upstream=openssl%403.0.1",
    "pkg:deb/debian/curl@7.88.1?arch=amd64",
    "pkg:npm/%40scope/name@1.0.0",
    "pkg:golang/example.org/name",
    "none",
  ];
  const wanted = [
    { ecosystem: "deb", name: "libssl3", version: "3.0.1-1" },
    { ecosystem: "deb", name: "openssl", version: "3.0.1" },
    { ecosystem: "deb", name: "curl", version: "7.88.1" },
    { ecosystem: "npm", name: "@scope/name", version: "1.0.0" },
  ];
  assert.deepEqual(listPackages("cyclonedx", { components: purls.map((purl) => ({ purl })) }), wanted);
  const packages = purls.map((referenceLocator) => ({ externalRefs: [{ referenceType: "purl", referenceLocator }] }));
  assert.deepEqual(listPackages("spdx", { packages }), wanted);
  assert.equal(listPackages("cyclonedx", { components: "all" }), undefined);
  assert.equal(listPackages("spdx", {}), undefined);
});
