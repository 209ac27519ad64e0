import assert from "node:assert/strict";
import { test } from "node:test";
import { approval, day, goodImage, now } from "../policy.fixture.ts";
import type { ImageFacts, ScanFacts } from "../policy.ts";
import { ageOf } from "./age.ts";
import { toImageRecord } from "./image-record.ts";
import { toScanRecord } from "./scan-record.ts";
import { findStanding } from "./standing.ts";

const production = { environment: "production", now };

function approversOf(more: Partial<ImageFacts>): readonly string[] {
  return findStanding({ ...goodImage, ...more }, production).approvers;
}

function reasonFor(more: Partial<ImageFacts>): string | undefined {
  return findStanding({ ...goodImage, ...more }, production).notCounted[0]?.reason;
}

test("an approval by the image's author never counts", () => {
  const approvals = [approval("user:carol")];
  assert.deepEqual(approversOf({ approvals }), []);
  assert.equal(reasonFor({ approvals }), "is author or builder of it");
  assert.deepEqual(approversOf({ approvals, authors: [] }), ["user:carol"]);
});

test("an approval by whoever's key signed the image or its provenance never counts", () => {
  const approvals = [approval("user:dave")];
  for (const kind of ["signature", "provenance"] as const)
    assert.deepEqual(approversOf({ approvals, statements: [{ kind, by: ["workload:ci", "user:dave"] }] }), []);
  assert.deepEqual(approversOf({ approvals, statements: [{ kind: "scan", by: ["user:dave"] }] }), ["user:dave"]);
});

test("an approval that expired, is for another environment or by no person does not count", () => {
  assert.deepEqual(approversOf({ approvals: [approval("user:alice", { expires: now })] }), []);
  assert.deepEqual(approversOf({ approvals: [approval("user:alice", { expires: now + 1 })] }), ["user:alice"]);
  assert.deepEqual(approversOf({ approvals: [approval("user:alice", { expires: Number.NaN })] }), []);
  assert.deepEqual(approversOf({ approvals: [approval("user:alice", { environment: "staging" })] }), []);
  assert.deepEqual(approversOf({ approvals: [approval("workload:ci2")] }), []);
  assert.equal(reasonFor({ approvals: [approval("workload:ci2")] }), "is no person");
});

test("two approvals of one person are one, and a person's rejection takes the approval back", () => {
  assert.deepEqual(approversOf({ approvals: [approval("user:alice"), approval("user:alice")] }), ["user:alice"]);
  const image = { ...goodImage, approvals: [approval("user:alice"), approval("user:alice", { verdict: "reject" })] };
  assert.deepEqual(findStanding(image, production), {
    approvers: [],
    rejectedBy: ["user:alice"],
    notCounted: [{ by: "user:alice", reason: "rejected it later" }],
  });
});

test("a rejection stands until it expires, also by an author, and only in its environment", () => {
  const rejectedBy = (expires: number, environment = "production"): readonly string[] =>
    findStanding(
      { ...goodImage, approvals: [approval("user:carol", { verdict: "reject", expires, environment })] },
      production,
    ).rejectedBy;
  assert.deepEqual(rejectedBy(now + 1), ["user:carol"]);
  assert.deepEqual(rejectedBy(now), []);
  assert.deepEqual(rejectedBy(now + 1, "staging"), []);
  assert.deepEqual(rejectedBy(Number.NaN), ["user:carol"]);
});

function scanOf(more: Partial<ScanFacts>): ReturnType<typeof toScanRecord> {
  return toScanRecord({ finished: now - 10, exploited: [], fixable: [], gaps: 0, ...more }, now);
}

test("a fix of unknown date counts as older than any grace", () => {
  for (const since of [0, -1, Number.NaN]) {
    const { oldestFixableCritical } = scanOf({ fixable: [{ id: "CVE-1", severity: "critical", since }] });
    assert.ok(oldestFixableCritical > 50 * 365 * day, String(since));
  }
  assert.equal(scanOf({ fixable: [{ id: "CVE-1", severity: "critical", since: now - 5 }] }).oldestFixableCritical, 5);
  assert.equal(scanOf({ fixable: [{ id: "CVE-1", severity: "critical", since: now + 50 }] }).oldestFixableCritical, 0);
});

test("a finding that nobody rated counts as high, and the oldest fix of each severity is told", () => {
  const record = scanOf({
    fixable: [
      { id: "CVE-1", severity: "unknown", since: now - 40 * day },
      { id: "CVE-2", severity: "high", since: now - 3 * day },
      { id: "CVE-3", severity: "critical", since: now - 2 * day },
      { id: "CVE-4", severity: "critical", since: now - 1 * day },
    ],
  });
  assert.deepEqual(
    [record.fixableHigh, record.oldestFixableHigh, record.fixableCritical, record.oldestFixableCritical],
    [2, 40 * day, 2, 2 * day],
  );
});

test("a scan whose count of gaps is no number has a gap", () => {
  assert.equal(scanOf({ gaps: 0 }).gaps, 0);
  for (const gaps of [Number.NaN, -1, 0.5, Infinity]) assert.ok(scanOf({ gaps }).gaps > 0);
});

test("what is dated further ahead than clocks differ is as old as time itself", () => {
  assert.equal(ageOf(now - 7, now), 7);
  assert.equal(ageOf(now + 300, now), 0);
  assert.equal(ageOf(now + 301, now), now);
  assert.equal(ageOf(Number.NaN, now), now);
  assert.ok(scanOf({ finished: now + 365 * day }).age > 365 * day);
});

test("tests of which something failed did not pass, whatever else is said", () => {
  const tests = toImageRecord(
    { ...goodImage, tests: { passed: true, finished: now, failed: ["test:home"] } },
    production,
  ).tests;
  assert.equal(tests?.passed, false);
  assert.equal(toImageRecord(goodImage, production).tests?.passed, true);
});

test("a kind of statement that nobody made does not count", () => {
  const image: ImageFacts = {
    ...goodImage,
    statements: [
      { kind: "signature", by: [] },
      { kind: "scan", by: ["workload:a"] },
    ],
  };
  assert.deepEqual(toImageRecord(image, production).statements, ["scan"]);
});

test("an image is released only in the environments of its releases", () => {
  const image = { ...goodImage, releases: ["production", ""] };
  assert.equal(toImageRecord(image, production).released, true);
  assert.equal(toImageRecord(image, { environment: "staging", now }).released, false);
  assert.equal(toImageRecord(image, { environment: "", now }).released, false);
});
