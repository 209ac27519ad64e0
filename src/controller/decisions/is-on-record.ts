import type { Database } from "../../ledger/projection/database.ts";
import type { Decision } from "../../policy/policy.ts";
import { formatPrincipal } from "../../policy/principal-name.ts";
import { lastDecision } from "../state/decisions.ts";
import { describeResource, type Asked } from "./authorize.ts";

/** Whether the last decision on the record about the same was the same one. */
export function isOnRecord(state: Database, asked: Asked, decision: Decision): boolean {
  const { principal, action, environment, image } = asked;
  const last = lastDecision(state, {
    principal: asked.actor ?? formatPrincipal(principal),
    action,
    resource: describeResource(asked.resource),
    ...(environment === undefined ? {} : { environment }),
    ...(image === undefined ? {} : { image }),
  });
  return last !== undefined && summaryOf(last) === summaryOf(decision);
}

/** What makes a decision another one; the words of what is missing hold ages, which change by themselves. */
function summaryOf({ permit, policies, policyDigest }: Decision): string {
  return JSON.stringify([permit, policies, policyDigest]);
}
