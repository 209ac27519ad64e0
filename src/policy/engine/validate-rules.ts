import type { ValidationError } from "@cedar-policy/cedar-wasm/nodejs";
import { IngotError } from "../../ground/error.ts";
import type { PolicyFinding } from "../finding.ts";
import { CedarEnded, type CedarHost } from "./cedar.ts";
import { findingAt, toFindings, type ParsedRule } from "./parse-rule.ts";

export type Validation = {
  readonly errors: readonly PolicyFinding[];
  /** Rules that no request reaches, and what else Cedar's validator warns of. */
  readonly warnings: readonly PolicyFinding[];
};

/** Holds rules to the schema: names and types that do not exist, attributes that may be absent. */
export function validateRules(host: CedarHost, schema: string, parsed: readonly ParsedRule[]): Validation {
  try {
    const staticPolicies = Object.fromEntries(parsed.map(({ rule }, index) => [String(index), rule.text]));
    const answer = host.use((cedar) => cedar.validate({ schema, policies: { staticPolicies } }));
    if (answer.type === "failure") throw unusable(answer.errors[0]?.message);
    return {
      errors: describe(answer.validationErrors, parsed),
      warnings: describe(answer.validationWarnings, parsed).map((one) => ({ ...one, severity: "warning" as const })),
    };
  } catch (error) {
    if (!(error instanceof CedarEnded)) throw error;
    return { errors: findTooDeep(host, schema, parsed), warnings: [] };
  }
}

/** Cedar says the same of every action that a rule is for: once is enough. */
function describe(errors: readonly ValidationError[], parsed: readonly ParsedRule[]): readonly PolicyFinding[] {
  const seen = new Map<string, PolicyFinding>();
  for (const { policyId, error } of errors) {
    const one = parsed[Number(policyId)];
    if (one === undefined) continue;
    for (const finding of toFindings(error, one)) {
      const key = `${finding.file}:${finding.line}:${finding.column}`;
      if (!seen.has(key)) seen.set(key, finding);
    }
  }
  return [...seen.values()];
}

/** Which of them ended Cedar. */
function findTooDeep(host: CedarHost, schema: string, parsed: readonly ParsedRule[]): readonly PolicyFinding[] {
  const one = parsed[0];
  if (one !== undefined && parsed.length === 1)
    return [findingAt(one, 0, "the rule is nested too deeply; write several rules")];
  const middle = Math.ceil(parsed.length / 2);
  return [parsed.slice(0, middle), parsed.slice(middle)].flatMap((half) => validateRules(host, schema, half).errors);
}

function unusable(message = ""): IngotError {
  return new IngotError("internal-error", `Cedar refuses to validate rules that it has parsed: ${message}`);
}
