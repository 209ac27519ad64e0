import type { ActionConstraint, Clause } from "@cedar-policy/cedar-wasm/nodejs";
import type { Rule } from "../engine/compiled.ts";
import type { PolicyFinding } from "../finding.ts";
import { actions, type Action } from "../policy.ts";

/** Actions of the schema's group `enter`; a test holds them to it. */
export const enterActions = ["pull", "deploy", "promote", "rollback"] as const satisfies readonly Action[];

/** Rules that permit or forbid regardless of anything, and permits that a forbid leaves nothing of. */
export function checkEffects(rules: readonly Rule[]): readonly PolicyFinding[] {
  const always = rules.filter((rule) => rule.effect === "forbid" && isUnconditional(rule) && isForEverybody(rule));
  return [
    ...always.map((rule) =>
      finding(rule, `it always forbids ${sayActions(rule)}, to everybody`, "add a `when { … }`, or take it out"),
    ),
    ...rules
      .filter((rule) => rule.effect === "permit")
      .flatMap((rule) => [...checkShadowed(rule, always), ...checkWide(rule)]),
  ];
}

/** Whether a rule is about anything that brings an image into an environment. */
export function isForEntering({ json }: Rule): boolean {
  return actionsOf(json.action).some((action) => enterActions.some((entering) => entering === action));
}

function checkShadowed(permit: Rule, always: readonly Rule[]): readonly PolicyFinding[] {
  const wanted = actionsOf(permit.json.action);
  const shadow = always.find((forbid) => wanted.every((action) => actionsOf(forbid.json.action).includes(action)));
  if (shadow === undefined) return [];
  return [
    finding(
      permit,
      `it has no effect: the rule at ${shadow.file}:${shadow.line} forbids all that it permits`,
      "change one of them",
    ),
  ];
}

/** In an environment's policy a permit gives rights beside the roles. */
function checkWide(permit: Rule): readonly PolicyFinding[] {
  if (permit.scope === "everywhere" || !isUnconditional(permit) || permit.json.principal.op !== "All") return [];
  return [
    finding(
      permit,
      `it permits ${sayActions(permit)} to everybody who has a token, whatever their roles`,
      'name who: `principal in Group::"…"` or `principal in Role::"…"`; the shipped roles need no permit here',
    ),
  ];
}

function isForEverybody({ json }: Rule): boolean {
  return json.principal.op === "All" && json.resource.op === "All";
}

function isUnconditional({ json }: Rule): boolean {
  return json.conditions.every(isAlwaysMet);
}

/** `when { true }` and `unless { false }`. */
function isAlwaysMet({ kind, body }: Clause): boolean {
  return "Value" in body && body.Value === (kind === "when");
}

function sayActions({ json }: Rule): string {
  const named = actionsOf(json.action);
  return named.length === actions.length ? "everything" : named.join(", ");
}

function actionsOf(constraint: ActionConstraint): readonly Action[] {
  if (constraint.op === "All") return actions;
  // Without either it is a template's, which is no policy here.
  const one = "entity" in constraint ? [constraint.entity] : [];
  const uids = "entities" in constraint ? constraint.entities : one;
  const ids = uids.map((uid) => ("__entity" in uid ? uid.__entity.id : uid.id));
  return actions.filter(
    (action) => ids.includes(action) || (ids.includes("enter") && enterActions.some((entering) => entering === action)),
  );
}

function finding({ file, line, column }: Rule, message: string, next: string): PolicyFinding {
  return { severity: "warning", file, line, column, message, next };
}
