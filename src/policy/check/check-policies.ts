import type { OpenPolicyEngine } from "../engine/policy-engine.ts";
import type { ParsedRule } from "../engine/parse-rule.ts";
import { orderFindings, type PolicyFinding } from "../finding.ts";
import type { PolicyFile } from "../policy.ts";
import { checkAnnotations } from "./annotations.ts";
import { checkEffects } from "./effects.ts";
import { findDuplicates } from "./duplicates.ts";

/**
 * Everything that is wrong or doubtful with policies, each finding with its place and the next step: what keeps them from being put in force (`error`: syntax, names, types), what
 * is most likely a mistake (`warning`: a rule that no request reaches, that permits or forbids everything, that has no effect), and what makes denials hard to act on (`hint`).
 */
export function checkPolicies(engine: OpenPolicyEngine, files: readonly PolicyFile[]): readonly PolicyFinding[] {
  const { rules, errors, warnings } = engine.inspect(files);
  const wrong = errors.map((error) => findRule(rules, error));
  const sound = rules.filter((one) => !wrong.includes(one)).map(({ rule }) => rule);
  const findings = [
    ...errors.map((one) => ({ ...one, next: one.next ?? schemaHint })),
    ...warnings.filter((one) => !wrong.includes(findRule(rules, one))).map(toUnreachable),
    ...checkEffects(sound),
    ...findDuplicates(sound),
    ...sound.flatMap(checkAnnotations),
    ...files.filter((file) => isEmpty(file, rules)).map(emptyFinding),
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

function isEmpty(file: PolicyFile, rules: readonly ParsedRule[]): boolean {
  return !rules.some((one) => one.file === file) && file.text.replaceAll(/\/\/[^\n]*/g, "").trim() === "";
}

/** Attack, or a slip: an environment whose policy asks for nothing. */
function emptyFinding({ name }: PolicyFile): PolicyFinding {
  return {
    severity: "warning",
    file: name,
    line: 1,
    column: 1,
    message: "there is no rule in it: whoever has the role may bring any image into the environment",
    next: "`ingot policy show environment` prints the shipped policy, as a start",
  };
}
