import { IngotError } from "../../ground/error.ts";
import type { Database } from "../../ledger/projection/database.ts";
import { findPolicy, listEnvironments, type AppliedPolicy } from "../state/policies.ts";

/** The policy in force in an environment. Throws `environment-unknown`. */
export function requirePolicy(state: Database, environment: string): AppliedPolicy {
  const policy = findPolicy(state, environment);
  if (policy !== undefined) return policy;
  const known = listEnvironments(state);
  const others = known.length === 0 ? "there is none yet" : `there are ${known.join(", ")}`;
  throw new IngotError("environment-unknown", `there is no environment ${JSON.stringify(environment)}; ${others}`, {
    hint: "name it in environments: of ingot.yaml, then `ingot policy apply`",
  });
}
