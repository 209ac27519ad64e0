import { isDeepStrictEqual } from "node:util";
import type { NewEvent } from "../../ledger/event.ts";
import type { Outcome } from "../../ledger/ledger.ts";
import type { Database } from "../../ledger/projection/database.ts";
import type { PolicyEngine, PolicyFile, Principal } from "../../policy/policy.ts";
import type { Controller } from "../controller.ts";
import { makeEvent } from "../events/events.ts";
import { findPolicy, type AppliedPolicy } from "../state/policies.ts";
import { authorize, denied, type Asked, type Authorized } from "./authorize.ts";
import { requirePolicy } from "./require-policy.ts";

/** What an environment shall ask from now on. No files: the shipped policy. */
export type ProposedPolicy = {
  readonly environment: string;
  readonly approvals: number;
  readonly files: readonly PolicyFile[];
};

export type PolicyChange = { readonly changed: boolean; readonly policy: AppliedPolicy };

/**
 * Puts policies in force, all or none; the first one makes its environment. What is in force already is left as it is. Throws `policy-invalid` before anything is asked or changed, with every
 * mistake, and `policy-denied`.
 */
export async function applyPolicies(
  controller: Controller,
  principal: Principal,
  proposed: readonly ProposedPolicy[],
): Promise<readonly PolicyChange[]> {
  for (const { files } of proposed) controller.policies.forEnvironment(files);
  const { result } = await controller.ledger.transact((state): Outcome<Applied> => {
    const decided = proposed.map((one) => decide(controller, state, { principal, one }));
    const denial = decided.find(({ decision }) => !decision.permit);
    if (denial !== undefined) return { events: [denial.event], result: { denial, isChanged: [] } };
    const changes = decided.filter(({ one }) => !isInForce(findPolicy(state, one.environment), one));
    const events = changes.flatMap(({ event, one }) => [event, applied(controller.policies, { principal, one })]);
    return { events, result: { isChanged: changes.map(({ one }) => one) } };
  });
  const { denial, isChanged } = result;
  if (denial !== undefined) throw denied(denial.asked, denial.decision);
  return proposed.map((one) => ({
    changed: isChanged.includes(one),
    policy: requirePolicy(controller.ledger.state, one.environment),
  }));
}

type Applied = { readonly denial?: Decided; readonly isChanged: readonly ProposedPolicy[] };

type Decided = Authorized & { readonly asked: Asked; readonly one: ProposedPolicy };

type Proposal = { readonly principal: Principal; readonly one: ProposedPolicy };

function decide(controller: Controller, state: Database, { principal, one }: Proposal): Decided {
  const resource = { kind: "environment", name: one.environment } as const;
  const asked: Asked = { principal, action: "administer", resource };
  return { ...authorize(controller, state, asked), asked, one };
}

/** Names and texts as they are: the same rules under another name are another policy to who reads about it. */
function isInForce(policy: AppliedPolicy | undefined, { approvals, files }: ProposedPolicy): boolean {
  return policy !== undefined && policy.approvals === approvals && isDeepStrictEqual(plain(policy.files), plain(files));
}

function applied(policies: PolicyEngine, { principal, one }: Proposal): NewEvent {
  const { environment, approvals } = one;
  const files = plain(one.files);
  const { digest } = policies.forEnvironment(files);
  return makeEvent(`${principal.kind}:${principal.name}`, "policy.applied", { environment, approvals, files, digest });
}

function plain(files: readonly PolicyFile[]): readonly PolicyFile[] {
  return files.map(({ name, text }) => ({ name, text }));
}
