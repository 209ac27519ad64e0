import type { MissingFact } from "../policy.ts";

/** A denial as a person reads it: one sentence, a line for each rule that stands against it, and the next command. */
export type Denial = { readonly message: string; readonly details: readonly string[]; readonly hint?: string };

/** `what`: `user:alice may not deploy service web in production`. Names every rule, what it misses, and the command that supplies it. */
export function describeDenial(what: string, missing: readonly MissingFact[]): Denial {
  const [first] = missing;
  if (first === undefined) return { message: `${what}: no policy permits it`, details: [] };
  const hint = first.supply === undefined ? {} : { hint: first.supply };
  if (missing.length === 1)
    return { message: `${what}: ${first.missing} (rule ${first.policy})`, details: [], ...hint };
  return {
    // Each sentence once, with its command: in the details.
    message: `${what}: ${missing.length} rules stand against it, ${missing.map(({ policy }) => policy).join(", ")}`,
    details: missing.map(({ policy, missing: fact, supply }) =>
      supply === undefined ? `${policy}: ${fact}` : `${policy}: ${fact} → ${supply}`,
    ),
    ...hint,
  };
}
