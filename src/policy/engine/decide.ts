import { IngotError } from "../../ground/error.ts";
import { fillCommand, fillSentence } from "../explain/fill-sentence.ts";
import { printable } from "../explain/printable.ts";
import { viewOf, type DecisionView } from "../explain/view.ts";
import type { Decision, MissingFact, Request } from "../policy.ts";
import { hasReason, toCedarRequest } from "./cedar-request.ts";
import type { CompiledPolicies, Rule } from "./compiled.ts";
import type { Evaluation, Evaluator } from "./evaluator.ts";
import { findNoPermit } from "./no-permit.ts";
import { findUntil } from "./until.ts";

/** The name by which a decision's `policies` say that the glass was broken. */
const breakGlassName = "break-glass";

/** Permit or deny, with all that stands against it. */
export function decide(evaluate: Evaluator, policies: CompiledPolicies, request: Request): Decision {
  assertComplete(policies, request);
  const view = viewOf(request);
  const evaluation = evaluate(policies, toCedarRequest(view, policies));
  const against = findAgainst(evaluation);
  const lifted = hasReason(request) ? against.filter(({ rule }) => rule.scope === "environment") : [];
  const standing = against.filter((one) => !lifted.includes(one));
  const { permits } = evaluation;
  // Cedar's law: one forbid outweighs all permits, and what nothing permits is denied.
  if (permits.length === 0 || standing.length > 0) {
    const nobody = permits.length > 0 ? [] : [findNoPermit(evaluate, policies, view)];
    const missing = [...nobody, ...standing.map((one) => toMissing(one, view))];
    return close(view, policies, { permit: false, policies: standing.map(({ rule }) => rule), missing });
  }
  const permitted = close(view, policies, { permit: true, policies: permits, missing: [] });
  if (lifted.length === 0) return permitted;
  const around = lifted.map((one) => toMissing(one, view));
  return { ...permitted, policies: [...permitted.policies, breakGlassName], lifted: around };
}

type Against = { readonly rule: Rule; readonly isFailed: boolean };

/** Attack: Cedar leaves out a rule that it cannot carry out, so a `forbid` made to overflow would forbid nothing. Here it forbids. */
function findAgainst({ forbids, failed }: Evaluation): readonly Against[] {
  const broken = failed.filter(({ effect }) => effect === "forbid");
  return [...forbids.map((rule) => ({ rule, isFailed: false })), ...broken.map((rule) => ({ rule, isFailed: true }))];
}

/** What a rule's annotations say is missing; without them, which rule it is and where it stands. */
function toMissing({ rule, isFailed }: Against, view: DecisionView): MissingFact {
  const { missing, supply } = rule.annotations;
  const place = `${rule.name} (${rule.file}:${rule.line})`;
  const sentence = missing === undefined ? `the rule ${place} forbids it` : fillSentence(missing, view);
  return {
    policy: rule.name,
    missing: isFailed
      ? printable(`the rule ${place} cannot be carried out, so it forbids`, 400)
      : printable(sentence, 4000),
    ...(supply === undefined ? {} : { supply: printable(fillCommand(supply, view), 1000) }),
  };
}

type Verdict = {
  readonly permit: boolean;
  readonly policies: readonly Rule[];
  readonly missing: readonly MissingFact[];
};

function close(view: DecisionView, policies: CompiledPolicies, verdict: Verdict): Decision {
  const until = findUntil(view, policies.time);
  return {
    permit: verdict.permit,
    policies: verdict.policies.map(({ name }) => name),
    missing: verdict.missing,
    policyDigest: policies.digest,
    ...(until === undefined ? {} : { until }),
  };
}

/** Attack: a caller that forgets the environment's policy would have a decision by the roles alone, for an image of which nothing was proven. */
function assertComplete({ files }: CompiledPolicies, { environment, action }: Request): void {
  const hasEnvironment = files.some(({ scope }) => scope !== "everywhere");
  if (environment === undefined || hasEnvironment || action === "push" || action === "audit") return;
  throw new IngotError(
    "internal-error",
    `the policy of environment ${printable(environment.name)} is not among those that should decide`,
  );
}
