import type { MissingFact } from "../policy.ts";

/** A denial as a person reads it: one sentence, a line for each rule that stands against it, and the next command. */
export type Denial = { readonly message: string; readonly details: readonly string[]; readonly hint?: string };

/** `what`: `user:alice may not deploy service web in production`. Names every rule, what it misses, and the command that supplies it. */
export function describeDenial(what: string, missing: readonly MissingFact[]): Denial {
  const [first] = missing;
  if (first === undefined) return { message: `${what}: no policy permits it`, details: [] };
  const hint = first.supply === undefined ? {} : { hint: first.supply };
  const worst = `${what}: ${first.missing} (rule ${first.policy})`;
  if (missing.length === 1) return { message: worst, details: [], ...hint };
  const others = missing.slice(1).map(({ policy }) => policy);
  return {
    message: `${worst}, and against ${others.length === 1 ? "the rule" : "the rules"} ${others.join(", ")}`,
    details: missing.map(({ policy, missing: fact, supply }) =>
      supply === undefined ? `${policy}: ${fact}` : `${policy}: ${fact} → ${supply}`,
    ),
    ...hint,
  };
}
