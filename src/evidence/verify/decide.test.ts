import assert from "node:assert/strict";
import test from "node:test";
import type { Digest } from "../../oci/digest.ts";
import { statementKinds, type EvidenceItem, type Role, type StatementKind } from "../evidence.ts";
import { decide, requirementFor, requirementsOf } from "./decide.ts";

const manifest = `sha256:${"0".repeat(64)}` as Digest;

function checked(kind: StatementKind, predicate: unknown = {}): EvidenceItem {
  const { predicateType, role } = statementKinds[kind];
  return {
    status: "checked",
    manifest,
    kind,
    predicateType,
    key: { id: role.padEnd(64, "0"), role, pem: "", from: `${role}.pub` },
    statement: { _type: "https://in-toto.io/Statement/v1", subject: [], predicateType, predicate },
  };
}

function without(status: "refused" | "untrusted", kind: StatementKind, reason: string): EvidenceItem {
  return { status, manifest, kind, predicateType: statementKinds[kind].predicateType, reason };
}

const everyRole: ReadonlySet<Role> = new Set(["builder", "scanner", "tester", "approver", "rebuilder"]);
const good = [
  checked("signature"),
  checked("provenance", { runDetails: { metadata: { finishedOn: "2026-11-21T10:00:00Z" } } }),
  checked("spdx"),
  checked("scan"),
  checked("tests", { result: "PASSED" }),
  checked("rebuild", { result: "identical" }),
];

function missing(items: readonly EvidenceItem[], roles: ReadonlySet<Role> = everyRole): readonly string[] {
  return decide(items, requirementsOf(roles)).missing.map(({ requirement }) => requirement);
}

test("each trusted role asks for what only it can say, and an approver for nothing yet", () => {
  const all = ["signature", "provenance", "sbom", "scan", "tests", "rebuild"];
  assert.deepEqual(missing([]), all);
  assert.deepEqual(missing([], new Set(["builder"])), ["signature", "provenance", "sbom"]);
  assert.deepEqual(missing([], new Set(["tester", "approver"])), ["tests"]);
  assert.deepEqual(missing(good), []);
});

test("either format of an SBOM is one", () => {
  const others = good.filter(({ kind }) => kind !== "spdx");
  assert.deepEqual(missing(others), ["sbom"]);
  assert.deepEqual(missing([...others, checked("cyclonedx")]), []);
  assert.deepEqual(
    decide(good, [requirementFor("cyclonedx")]).missing.map(({ requirement }) => requirement),
    ["cyclonedx"],
  );
});

test("a statement that says no proves nothing, whatever signs it", () => {
  for (const [kind, predicate] of [
    ["tests", { result: "FAILED" }],
    ["tests", { result: "WARNED" }],
    ["tests", {}],
    ["tests", undefined],
    ["rebuild", { result: "different" }],
    ["rebuild", { identical: true }],
    ["verdict", { verificationResult: "FAILED" }],
    ["approval", { decision: "deny" }],
  ] as const) {
    const decision = decide([checked(kind, predicate)], [requirementFor(kind)]);
    assert.deepEqual(decision.proven, []);
    assert.equal(decision.negative.length, 1);
    assert.equal(decision.missing.length, 1);
    // The reason stands beside what is missing.
    assert.deepEqual(decision.missing[0]?.reasons, [decision.negative[0]?.reason]);
  }
});

test("only a signature is a signature: no other kind stands in for it", () => {
  for (const item of good.slice(1)) {
    assert.deepEqual(
      decide([item], [requirementFor("signature")]).missing.map(({ requirement }) => requirement),
      ["signature"],
    );
  }
});

test("what is refused or by a stranger proves nothing, and says why beside what is missing", () => {
  const items = [without("refused", "scan", "it was altered"), without("untrusted", "scan", "no trusted key")];
  const decision = decide(items, [requirementFor("scan")]);
  assert.deepEqual(decision.proven, []);
  assert.deepEqual(decision.missing[0]?.reasons.toSorted(), ["it was altered", "no trusted key"]);
  assert.deepEqual([decision.refused.length, decision.untrusted.length], [1, 1]);
  // And takes nothing from what is proven: anybody can attach rubbish.
  assert.deepEqual(missing([...good, ...items]), []);
});

test("a time is passed on only where the statement has a date for it", () => {
  const when = (predicate: unknown): string | undefined =>
    decide([checked("provenance", predicate)], []).proven[0]?.when;
  assert.equal(when({ runDetails: { metadata: { finishedOn: "2026-11-21T10:00:00Z" } } }), "2026-11-21T10:00:00Z");
  assert.equal(when({ runDetails: { metadata: { finishedOn: "yesterday\u001b[2J" } } }), undefined);
  assert.equal(when({ runDetails: "none" }), undefined);
});

test("of a tester's yes and no the later one counts, and the no where that cannot be told", () => {
  const yes = (finishedOn?: string): EvidenceItem => checked("tests", { result: "PASSED", finishedOn });
  const no = (finishedOn?: string): EvidenceItem => checked("tests", { result: "FAILED", finishedOn });
  const [early, late] = ["2026-11-21T10:00:00Z", "2026-11-21T12:00:00+01:00"];
  const later = "2026-11-21T11:30:00Z";
  const roles = new Set<Role>(["tester"]);
  assert.deepEqual(missing([no(early), yes(later)], roles), []);
  assert.deepEqual(missing([yes(early), no(later)], roles), ["tests"]);
  assert.deepEqual(missing([yes(early), no(later), yes("2026-11-21T12:00:00Z")], roles), []);
  assert.deepEqual(missing([yes(late), no("2026-11-21T11:00:00Z")], roles), ["tests"], "the same moment");
  assert.deepEqual(missing([yes(later), no()], roles), ["tests"]);
  assert.deepEqual(missing([yes(), no(early)], roles), ["tests"]);
  assert.deepEqual(missing([...good, no(later)], new Set<Role>(["builder"])), [], "of another kind it says nothing");
});
