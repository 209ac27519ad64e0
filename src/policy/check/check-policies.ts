import type { OpenPolicyEngine } from "../engine/policy-engine.ts";
import type { ParsedRule } from "../engine/parse-rule.ts";
import { findUsedFacts } from "../engine/used-facts.ts";
import { orderFindings, type PolicyFinding } from "../finding.ts";
import type { PolicyFile } from "../policy.ts";
import { checkAnnotations } from "./annotations.ts";
import { checkEffects, isForEntering } from "./effects.ts";
import { findDuplicates } from "./duplicates.ts";

/**
 * Everything that is wrong or doubtful with policies, each finding with its place and the next step: what keeps them from being put in force (`error`: syntax, names, types), what
 * is most likely a mistake (`warning`: a rule that no request reaches, that permits or forbids everything, that has no effect), and what makes denials hard to act on (`hint`).
 * `approvals`: how many the environment asks for, to be told where no rule looks at them.
 */
export function checkPolicies(
  engine: OpenPolicyEngine,
  files: readonly PolicyFile[],
  { approvals = 0 }: { readonly approvals?: number } = {},
): readonly PolicyFinding[] {
  const { rules, errors, warnings } = engine.inspect(files);
  const wrong = errors.map((error) => findRule(rules, error));
  const sound = rules.filter((one) => !wrong.includes(one)).map(({ rule }) => rule);
  const findings = [
    ...errors.map((one) => ({ ...one, next: one.next ?? schemaHint })),
    ...warnings.filter((one) => !wrong.includes(findRule(rules, one))).map(toUnreachable),
    ...checkEffects(sound),
    ...findDuplicates(sound),
    ...sound.flatMap(checkAnnotations),
    ...(errors.length === 0 ? findLax(files, rules) : []),
    ...(approvals > 0 && errors.length === 0
      ? files.filter((file) => ignoresApprovals(file, rules)).map(ignoredFinding(approvals))
      : []),
  ];
  return orderFindings(
    findings,
    files.map(({ name }) => name),
  );
}

const schemaHint = "`ingot policy show schema` prints what a policy may speak of";

/** The rule that a finding is in: of one with a mistake, nothing else needs to be said. */
function findRule(rules: readonly ParsedRule[], { file, line, column }: PolicyFinding): ParsedRule | undefined {
  const isBefore = ({ rule }: ParsedRule): boolean =>
    rule.file === file && (rule.line < line || (rule.line === line && rule.column <= column));
  return rules.findLast(isBefore);
}

/** Cedar's validator warns of rules whose scope and conditions no request of the schema satisfies, and of texts with characters that look like others. */
function toUnreachable(warning: PolicyFinding): PolicyFinding {
  return { ...warning, next: "change its scope or conditions, or take it out" };
}

/** Attack, or a slip: an environment whose policy asks for nothing, since no rule of its files forbids that an image enters it. */
function findLax(files: readonly PolicyFile[], rules: readonly ParsedRule[]): readonly PolicyFinding[] {
  const own = files.filter(({ scope }) => scope !== "everywhere");
  const [first] = own;
  const isStrict = rules.some(
    ({ rule, file }) => own.includes(file) && rule.effect === "forbid" && isForEntering(rule),
  );
  if (first === undefined || isStrict) return [];
  return [
    {
      severity: "warning",
      file: first.name,
      line: 1,
      column: 1,
      message:
        "no rule forbids that an image enters the environment: whoever has the role, or is permitted here, may bring any",
      next: "`ingot policy show environment` prints the shipped policy, as a start",
    },
  ];
}

/** An environment's file, none of whose rules looks at who approved. */
function ignoresApprovals(file: PolicyFile, rules: readonly ParsedRule[]): boolean {
  if (file.scope === "everywhere") return false;
  const isUsed = findUsedFacts(rules.filter((one) => one.file === file).map(({ rule }) => rule.json));
  return !isUsed("approvalCount") && !isUsed("approvers");
}

/** Attack, or a slip: `approvals: 2` in ingot.yaml reads as if two people were needed, and a policy of its own does not ask for them. */
function ignoredFinding(approvals: number): (file: PolicyFile) => PolicyFinding {
  return ({ name }) => ({
    severity: "warning",
    file: name,
    line: 1,
    column: 1,
    message: `its environment asks for ${approvals === 1 ? "1 approval" : `${approvals} approvals`}, and no rule in it looks at them`,
    next: "take over the rule `approvals` of `ingot policy show environment`",
  });
}
