import type { CheckResult } from "./test-result.ts";

/** in-toto test-result v0.1 (spec/predicates/test-result.md). */
export type TestPredicate = {
  readonly result: "PASSED" | "FAILED";
  /** ISO 8601. Beyond the specification, whose readers pass over what they do not know: of two results the later one counts. */
  readonly finishedOn: string;
  /** What said which tests there are. */
  readonly configuration: readonly { readonly name: string; readonly digest: { readonly sha256: string } }[];
  readonly passedTests: readonly string[];
  readonly warnedTests: readonly string[];
  readonly failedTests: readonly string[];
};

/**
 * What the tester signs: `test:NAME` and `lint:NAME`, by how they ended. A check that was skipped with a reason is among the warned ones, so that nobody reads more into
 * a PASSED than was looked at. Undefined while a check is broken and none has failed: then the image is neither. `sha256`: of the bytes of ingot.yaml.
 */
export function testPredicate(
  checks: readonly CheckResult[],
  run: { readonly sha256: string; readonly finished: Date },
): TestPredicate | undefined {
  const names = (...outcomes: CheckResult["outcome"][]): string[] =>
    checks.filter(({ outcome }) => outcomes.includes(outcome)).map(({ kind, name }) => `${kind}:${name}`);
  const failedTests = names("failed");
  if (failedTests.length === 0 && names("broken").length > 0) return undefined;
  return {
    result: failedTests.length === 0 ? "PASSED" : "FAILED",
    finishedOn: run.finished.toISOString(),
    configuration: [{ name: "ingot.yaml", digest: { sha256: run.sha256 } }],
    passedTests: names("passed"),
    warnedTests: names("skipped", "broken"),
    failedTests,
  };
}
