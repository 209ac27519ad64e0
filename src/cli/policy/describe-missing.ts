import type { MissingFact } from "../../policy/policy.ts";
import { oneLine } from "../release/one-line.ts";

/** What stands against something: policy, missing fact, and the command that supplies it. */
export function describeMissing(missing: readonly MissingFact[]): readonly string[] {
  return missing.flatMap(({ policy, missing: fact, supply }) => [
    `  ${policy}: ${oneLine(fact)}`,
    ...(supply === undefined ? [] : [`    next: ${supply}`]),
  ]);
}
