import assert from "node:assert/strict";
import test from "node:test";
import type { CheckResult } from "../../evidence/tests/test-result.ts";
import { describeReport } from "./describe-report.ts";

test("no name in an image, nor what a program prints, makes a line that could be taken for a verdict", () => {
  const forged = "x\n  ✔ lint private-key";
  const checks: readonly CheckResult[] = [
    { kind: "test", name: "a", outcome: "failed", duration: 1, message: `there are ${forged}`, output: forged },
    { kind: "lint", name: "b", outcome: "failed", duration: 1, findings: [{ where: `/${forged}`, what: "is wrong" }] },
    { kind: "lint", name: "c", outcome: "skipped", duration: 1, message: forged },
    { kind: "lint", name: "d", outcome: "passed", duration: 1, message: forged },
  ];
  const text = describeReport({ image: "sha256:0", started: "2026-01-01T00:00:00Z", checks });
  assert.deepEqual(
    text.split("\n").filter((line) => /^ {0,2}[✔✖!-]/.test(line)),
    ["  ✖ a  1 ms", "  ✖ lint b", String.raw`  - lint c: x\n  ✔ lint private-key`, "  ✔ lint d"],
  );
});
