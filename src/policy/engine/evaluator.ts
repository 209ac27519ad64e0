import type { PolicySet as CedarPolicySet, Response } from "@cedar-policy/cedar-wasm/nodejs";
import { IngotError } from "../../ground/error.ts";
import type { CedarHost } from "./cedar.ts";
import type { CedarRequest } from "./cedar-request.ts";
import type { CompiledPolicies, Rule } from "./compiled.ts";

/** What Cedar says of one request. */
export type Evaluation = {
  readonly isAllowed: boolean;
  /** The rules that made it. */
  readonly reasons: readonly Rule[];
  /** Rules that could not be carried out, such as for a number that is too large. */
  readonly failed: readonly Rule[];
};

/** All rules, or only those that permit. */
export type RulePart = "all" | "permits";

export type Evaluator = (policies: CompiledPolicies, part: RulePart, request: CedarRequest) => Evaluation;

/** Cedar keeps what it prepared until it is renewed; so many sets are a few megabytes. */
const mostPrepared = 128;

const schemaName = "ingot";

/**
 * Prepares the schema, and each policy set by its digest, once. The schema is part of every request: from it Cedar knows that `deploy` is in `enter`, and it refuses facts of another
 * shape than the rules were checked for.
 */
export function makeEvaluator(host: CedarHost, schema: string): Evaluator {
  const prepared = new Set<string>();
  let generation: number | undefined;
  return (policies, part, request) => {
    const id = `${part} ${policies.digest}`;
    if (!prepared.has(id) && prepared.size >= mostPrepared) host.renew();
    if (generation !== host.generation()) {
      prepared.clear();
      prepareSchema(host, schema);
      generation = host.generation();
    }
    if (!prepared.has(id)) preparePolicies(host, id, selectRules(policies, part));
    prepared.add(id);
    const answer = host.use((cedar) =>
      cedar.statefulIsAuthorized({
        ...request,
        preparsedPolicySetId: id,
        preparsedSchemaName: schemaName,
        validateRequest: true,
      }),
    );
    if (answer.type === "failure") throw refused(answer.errors[0]?.message);
    return toEvaluation(answer.response, policies.rules);
  };
}

function prepareSchema(host: CedarHost, schema: string): void {
  const answer = host.use((cedar) => cedar.preparseSchema(schemaName, schema));
  if (answer.type === "failure") throw refused(answer.errors[0]?.message);
}

function preparePolicies(host: CedarHost, id: string, policies: CedarPolicySet): void {
  const answer = host.use((cedar) => cedar.preparsePolicySet(id, policies));
  if (answer.type === "failure") throw refused(answer.errors[0]?.message);
}

function selectRules({ rules }: CompiledPolicies, part: RulePart): CedarPolicySet {
  const chosen = rules.flatMap(({ effect, text }, index) =>
    part === "all" || effect === "permit" ? [[String(index), text]] : [],
  );
  return { staticPolicies: Object.fromEntries(chosen) as Record<string, string> };
}

function toEvaluation({ decision, diagnostics }: Response, rules: readonly Rule[]): Evaluation {
  const find = (ids: readonly string[]): readonly Rule[] =>
    ids
      .map(Number)
      .toSorted((a, b) => a - b)
      .flatMap((index) => rules[index] ?? []);
  return {
    isAllowed: decision === "allow",
    reasons: find(diagnostics.reason),
    failed: find(diagnostics.errors.map(({ policyId }) => policyId)),
  };
}

function refused(message = ""): IngotError {
  return new IngotError("internal-error", `Cedar refuses rules or a request that were checked: ${message}`);
}
