import assert from "node:assert/strict";
import test from "node:test";
import type { Digest } from "../../oci/digest.ts";
import { statementKinds, type EvidenceItem, type StatementKind } from "../evidence.ts";
import { byLife, isSuperseded } from "./order-statements.ts";

type Checked = Extract<EvidenceItem, { status: "checked" }>;

function said(kind: StatementKind, predicate: object, id = "a"): Checked {
  const { predicateType, role } = statementKinds[kind];
  const statement = { _type: "https://in-toto.io/Statement/v1" as const, subject: [], predicateType, predicate };
  const manifest = `sha256:${"0".repeat(64)}` as Digest;
  return { status: "checked", manifest, kind, predicateType, key: { id, role, pem: "", from: "" }, statement };
}

const scanOf = (time: string | undefined, id?: string): Checked =>
  said("scan", { metadata: { scanFinishedOn: time } }, id);

test("statements are in the order of an image's life, of one kind the newest last whatever its offset is", () => {
  const [old, noon, late] = [
    scanOf("2026-11-20T23:00:00Z"),
    scanOf("2026-11-21T12:00:00Z"),
    scanOf("2026-11-21T11:30:00-01:00"),
  ];
  const undated = scanOf(undefined);
  const tests = said("tests", { finishedOn: "2020-01-01T00:00:00Z" });
  const signature = said("signature", {});
  const shuffled = [late, tests, noon, undated, signature, old];
  assert.deepEqual(shuffled.toSorted(byLife), [signature, undated, old, noon, late, tests]);
});

test("a scan is superseded by a later one of the same key only; what says no time, and another kind, never is", () => {
  const [old, late] = [scanOf("2026-11-20T23:00:00Z"), scanOf("2026-11-21T12:00:00Z")];
  const all = [scanOf(undefined), late, old];
  assert.deepEqual(
    all.map((item) => isSuperseded(item, all)),
    [false, false, true],
  );
  assert.equal(isSuperseded(old, [old, scanOf("2026-11-21T12:00:00Z", "b")]), false);
  const builds = ["2026-11-20T23:00:00Z", "2026-11-21T23:00:00Z"].map((finishedOn) =>
    said("provenance", { runDetails: { metadata: { finishedOn } } }),
  );
  assert.deepEqual(
    builds.map((item) => isSuperseded(item, builds)),
    [false, false],
  );
});
