import { createHash } from "node:crypto";
import { IngotError } from "../../ground/error.ts";
import { formatFinding, orderFindings, type PolicyFinding } from "../finding.ts";
import type { PolicyFile } from "../policy.ts";
import type { CedarHost } from "./cedar.ts";
import type { CompiledPolicies } from "./compiled.ts";
import { parseRule, type ParsedRule } from "./parse-rule.ts";
import { policyBounds, splitPolicies } from "./policy-text.ts";
import { placeAt } from "./text-place.ts";
import { findTimeUse } from "./time-use.ts";
import { findUsedFacts } from "./used-facts.ts";
import { validateRules } from "./validate-rules.ts";

export type ParsedPolicies = {
  readonly rules: readonly ParsedRule[];
  /** Mistakes; where there is one, the rules must not decide. */
  readonly errors: readonly PolicyFinding[];
  readonly warnings: readonly PolicyFinding[];
};

/** What policies are held to. */
export type PolicyRules = {
  /** The schema's text. */
  readonly schema: string;
  /** Texts that need no validation, which takes longer than all else: those that ship, which a test validates. */
  readonly known: readonly string[];
};

/** Syntax, then types: everything that is wrong with all files. */
export function parsePolicies(
  host: CedarHost,
  { schema, known }: PolicyRules,
  files: readonly PolicyFile[],
): ParsedPolicies {
  const parts = files.map((file) => parseFile(host, file));
  const rules = parts.flatMap((one) => one.rules);
  const asked = rules.filter(({ file }) => !known.includes(file.text));
  const { errors, warnings } = asked.length === 0 ? { errors: [], warnings: [] } : validateRules(host, schema, asked);
  const names = files.map(({ name }) => name);
  return {
    rules,
    errors: orderFindings([...parts.flatMap((one) => one.errors), ...errors], names),
    warnings: orderFindings(warnings, names),
  };
}

/** The same as something that can decide. Throws `policy-invalid` with every mistake in `details`. */
export function compilePolicies(host: CedarHost, held: PolicyRules, files: readonly PolicyFile[]): CompiledPolicies {
  const { rules, errors } = parsePolicies(host, held, files);
  if (errors.length > 0) throw invalid(errors);
  const texts = rules.map(({ rule }) => rule.json);
  return {
    digest: digestOfFiles(files),
    files,
    rules: rules.map(({ rule }) => rule),
    time: findTimeUse(texts),
    used: findUsedFacts(texts),
  };
}

/** sha256 over names, scopes and texts, each with its length, so that no two sets of files give the same bytes. */
export function digestOfFiles(files: readonly PolicyFile[]): string {
  const sha256 = createHash("sha256");
  for (const { name, text, scope = "environment" } of files) {
    for (const part of [name, scope, text]) sha256.update(`${Buffer.byteLength(part)}:`).update(part);
  }
  return `sha256:${sha256.digest("hex")}`;
}

function parseFile(
  host: CedarHost,
  file: PolicyFile,
): { rules: readonly ParsedRule[]; errors: readonly PolicyFinding[] } {
  const { statements, problems } = splitPolicies(file.text);
  const rules: ParsedRule[] = [];
  const errors: PolicyFinding[] = problems.map(({ message, start }) => ({
    severity: "error",
    file: file.name,
    ...placeAt(file.text, start),
    message,
  }));
  for (const [index, statement] of statements.slice(0, policyBounds.rules).entries()) {
    const parsed = parseRule(host, file, { statement, position: index + 1 });
    if ("rule" in parsed) rules.push(parsed);
    else errors.push(...parsed);
  }
  return { rules, errors };
}

function invalid(errors: readonly PolicyFinding[]): IngotError {
  const files = [...new Set(errors.map(({ file }) => file))];
  const count = errors.length === 1 ? "1 mistake" : `${errors.length} mistakes`;
  const shown = errors.slice(0, 50).map(formatFinding);
  return new IngotError("policy-invalid", `${files.join(", ")} ${files.length === 1 ? "has" : "have"} ${count}`, {
    hint: "correct them, then run the same command again; `ingot policy show schema` prints what a policy may speak of",
    details: errors.length > 50 ? [...shown, `… and ${errors.length - 50} more`] : shown,
  });
}
