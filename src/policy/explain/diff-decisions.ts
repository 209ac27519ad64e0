import { compare } from "../../ground/compare.ts";
import type { Decision, MissingFact } from "../policy.ts";

/** One image in one environment, decided by the policy in force and by the one that should be. */
export type DecisionPair = {
  readonly environment: string;
  /** `shop/web@sha256:…`: for people and for sorting. */
  readonly image: string;
  readonly before: Decision;
  readonly after: Decision;
};

export type DecisionChange = {
  readonly environment: string;
  readonly image: string;
  /** What becomes of it. `reasons`: denied before and after, for other reasons. */
  readonly change: "denied" | "permitted" | "reasons";
  /** What is missing by the new policy and not by the old, and the reverse. */
  readonly appeared: readonly MissingFact[];
  readonly gone: readonly MissingFact[];
};

/** Only what would change, by environment and image; denials first. */
export function diffDecisions(pairs: readonly DecisionPair[]): readonly DecisionChange[] {
  const rank = { denied: 0, permitted: 1, reasons: 2 };
  return pairs
    .flatMap((pair) => diffOne(pair))
    .toSorted(
      (a, b) => rank[a.change] - rank[b.change] || compare(a.environment, b.environment) || compare(a.image, b.image),
    );
}

function diffOne({ environment, image, before, after }: DecisionPair): readonly DecisionChange[] {
  const appeared = after.missing.filter((one) => !hasSame(before.missing, one));
  const gone = before.missing.filter((one) => !hasSame(after.missing, one));
  if (before.permit === after.permit && appeared.length === 0 && gone.length === 0) return [];
  const verdict = after.permit ? "permitted" : "denied";
  return [{ environment, image, change: before.permit === after.permit ? "reasons" : verdict, appeared, gone }];
}

/** The same rule for the same reason: a rule whose limit was changed says something else. */
function hasSame(facts: readonly MissingFact[], one: MissingFact): boolean {
  return facts.some(({ policy, missing }) => policy === one.policy && missing === one.missing);
}
