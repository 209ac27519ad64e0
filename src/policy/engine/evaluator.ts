import type { Response } from "@cedar-policy/cedar-wasm/nodejs";
import { IngotError } from "../../ground/error.ts";
import { readActionGroups } from "./action-groups.ts";
import { asPermit } from "./as-permit.ts";
import type { CedarHost } from "./cedar.ts";
import type { CedarRequest } from "./cedar-request.ts";
import type { CompiledPolicies, Rule } from "./compiled.ts";

/** What each rule says of one request. */
export type Evaluation = {
  readonly permits: readonly Rule[];
  /** All that forbid, not just the first. */
  readonly forbids: readonly Rule[];
  /** Rules that could not be carried out, such as for a number that is too large. */
  readonly failed: readonly Rule[];
};

export type Evaluator = (policies: CompiledPolicies, request: CedarRequest) => Evaluation;

/** Cedar keeps what it prepared until it is renewed; so many sets are a few megabytes. */
const mostPrepared = 128;

/**
 * Asks Cedar which rules of a set fit a request. Asked in the usual way it names the rules that decided, and for a denial those are the forbids alone: whether anything would permit takes
 * a second question, and each costs a third of a millisecond, for reading the facts. So each set is prepared once, by its digest, with every rule as a `permit`: then one answer names all
 * rules that fit. That any forbid outweighs all permits is Cedar's law, and one line in decide.ts; a test holds the decisions to Cedar's own.
 */
export function makeEvaluator(host: CedarHost, schema: string): Evaluator {
  const groupsOf = readActionGroups(schema);
  const prepared = new Set<string>();
  let generation = host.generation();
  return (policies, request) => {
    if (!prepared.has(policies.digest) && prepared.size >= mostPrepared) host.renew();
    if (generation !== host.generation()) prepared.clear();
    generation = host.generation();
    if (!prepared.has(policies.digest)) prepare(host, policies);
    prepared.add(policies.digest);
    const { action } = request;
    const parents = [...groupsOf("__entity" in action ? action.__entity.id : action.id)];
    const entities = [...request.entities, { uid: action, attrs: {}, parents }];
    const call = { ...request, entities, preparsedPolicySetId: policies.digest };
    const answer = host.use((cedar) => cedar.statefulIsAuthorized(call));
    if (answer.type === "failure") throw refused(answer.errors[0]?.message);
    return toEvaluation(answer.response, policies.rules);
  };
}

function prepare(host: CedarHost, { digest, rules }: CompiledPolicies): void {
  const staticPolicies = Object.fromEntries(rules.map(({ text }, index) => [String(index), asPermit(text)]));
  const answer = host.use((cedar) => cedar.preparsePolicySet(digest, { staticPolicies }));
  if (answer.type === "failure") throw refused(answer.errors[0]?.message);
}

function toEvaluation({ diagnostics }: Response, rules: readonly Rule[]): Evaluation {
  const find = (ids: readonly string[]): readonly Rule[] =>
    ids
      .map(Number)
      .toSorted((a, b) => a - b)
      .flatMap((index) => rules[index] ?? []);
  const fitting = find(diagnostics.reason);
  return {
    permits: fitting.filter(({ effect }) => effect === "permit"),
    forbids: fitting.filter(({ effect }) => effect === "forbid"),
    failed: find(diagnostics.errors.map(({ policyId }) => policyId)),
  };
}

function refused(message = ""): IngotError {
  return new IngotError("internal-error", `Cedar refuses rules or a request that were checked: ${message}`);
}
