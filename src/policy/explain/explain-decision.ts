import type { Decision, MissingFact } from "../policy.ts";
import { printable } from "./printable.ts";

/** A decision for a person: what decided, all that is missing with the command for each, and until when it holds. Lines. */
export function explainDecision({
  permit,
  policies,
  missing,
  lifted = [],
  policyDigest,
  until,
}: Decision): readonly string[] {
  const by = policies.length === 0 ? "" : `, by ${policies.map((one) => printable(one)).join(", ")}`;
  return [
    `${permit ? "permitted" : "denied"}${by}`,
    ...section("missing", missing),
    ...section("THE GLASS IS BROKEN; without that it would be denied, since these are missing", lifted),
    ...(until === undefined
      ? []
      : [`the same may be decided otherwise from ${sayTime(until)} on, though nothing happens`]),
    `policy ${policyDigest}`,
  ];
}

function section(title: string, facts: readonly MissingFact[]): readonly string[] {
  if (facts.length === 0) return [];
  return [`${title}:`, ...facts.flatMap(explainMissing)];
}

function explainMissing({ policy, missing, supply }: MissingFact): readonly string[] {
  return [
    `  ${printable(policy)}: ${printable(missing, 4000)}`,
    ...(supply === undefined ? [] : [`    next: ${printable(supply, 1000)}`]),
  ];
}

function sayTime(seconds: number): string {
  // The last moment that a Date can say is far beyond any that matters.
  return new Date(Math.min(seconds * 1000, 8.64e15)).toISOString().replace(/\.\d+Z$/, "Z");
}
