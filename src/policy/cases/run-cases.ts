import { printable } from "../explain/printable.ts";
import type { Decision, PolicyEngine, PolicyFile, PolicySet } from "../policy.ts";
import type { CaseFile } from "./read-cases.ts";
import { toRequest } from "./to-request.ts";

/** What became of one case. */
export type CaseResult = {
  readonly file: string;
  readonly line: number;
  readonly name: string;
  readonly passed: boolean;
  /** What is otherwise than expected; empty where it passed. */
  readonly problems: readonly string[];
  readonly decision: Decision;
};

/** Decides every case as the controller would: by the shipped roles, and in an environment by `files`, or by the shipped policy where there are none. */
export function runCases(
  engine: PolicyEngine,
  files: readonly PolicyFile[],
  { name: file, given, cases }: CaseFile,
): readonly CaseResult[] {
  const inEnvironment = engine.forEnvironment(files);
  const elsewhere = engine.rolesOnly();
  return cases.map((one): CaseResult => {
    const request = toRequest(given, one);
    const set: PolicySet = request.environment === undefined ? elsewhere : inEnvironment;
    const decision = engine.decide(set, request);
    const problems = findProblems(decision, one);
    return { file, line: one.line, name: one.name, passed: problems.length === 0, problems, decision };
  });
}

type Expected = {
  readonly expect: "permit" | "deny";
  readonly missing?: readonly string[] | undefined;
  readonly lifted?: readonly string[] | undefined;
};

function findProblems(decision: Decision, { expect, missing, lifted }: Expected): readonly string[] {
  const got = decision.permit ? "permit" : "deny";
  return [
    ...(got === expect ? [] : [`expected ${expect}, got ${got}${sayReasons(decision)}`]),
    ...compareIds("missing", missing, decision.missing),
    ...compareIds("lifted", lifted, decision.lifted ?? []),
  ];
}

function sayReasons({ permit, policies, missing }: Decision): string {
  if (permit) return ` by ${policies.map((one) => printable(one)).join(", ")}`;
  return missing.map(({ policy, missing: sentence }) => `\n  ${policy}: ${sentence}`).join("");
}

function compareIds(
  what: "missing" | "lifted",
  expected: readonly string[] | undefined,
  facts: Decision["missing"],
): readonly string[] {
  if (expected === undefined) return [];
  const got = facts.map(({ policy }) => policy);
  const more = facts.filter(({ policy }) => !expected.includes(policy));
  return [
    ...expected.filter((id) => !got.includes(id)).map((id) => `expected ${printable(id)} to be ${what}, and it is not`),
    ...more.map(({ policy, missing }) => `${policy} is ${what} too: ${missing}`),
  ];
}
