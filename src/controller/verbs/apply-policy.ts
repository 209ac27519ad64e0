import { setImmediate } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import type { NewEvent } from "../../ledger/event.ts";
import type { Outcome } from "../../ledger/ledger.ts";
import type { Database } from "../../ledger/projection/database.ts";
import type { PolicyEngine, PolicyFile, Principal } from "../../policy/policy.ts";
import { formatPrincipal } from "../../policy/principal-name.ts";
import type { Controller } from "../controller.ts";
import { makeEvent } from "../events/events.ts";
import { findPolicy, type AppliedPolicy } from "../state/policies.ts";
import { authorize, denied, type Asked, type Authorized } from "../decisions/authorize.ts";
import { requirePermit } from "../decisions/require-permit.ts";
import { requirePolicy } from "../decisions/require-policy.ts";

/** What an environment shall ask from now on. No files: the shipped policy. */
export type ProposedPolicy = {
  readonly environment: string;
  readonly approvals: number;
  readonly files: readonly PolicyFile[];
};

export type PolicyChange = { readonly changed: boolean; readonly policy: AppliedPolicy };

/**
 * Puts policies in force, all or none; the first one makes its environment. What is in force already is left as it is. Throws `policy-denied`, and `policy-invalid` with every mistake before anything
 * is changed.
 */
export async function applyPolicies(
  controller: Controller,
  principal: Principal,
  proposed: readonly ProposedPolicy[],
): Promise<readonly PolicyChange[]> {
  // Attack: whoever has any token sends texts of a second's work each. Rights come before reading.
  for (const one of proposed) await requirePermit(controller, askFor(principal, one));
  await parsePolicies(controller, proposed);
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

/** Parses them ahead, each while others are served. Throws `policy-invalid`. */
export async function parsePolicies(
  { policies }: Pick<Controller, "policies">,
  proposed: readonly ProposedPolicy[],
): Promise<void> {
  for (const { files } of proposed) {
    policies.forEnvironment(files);
    await setImmediate();
  }
}

type Applied = { readonly denial?: Decided; readonly isChanged: readonly ProposedPolicy[] };

type Decided = Authorized & { readonly asked: Asked; readonly one: ProposedPolicy };

type Proposal = { readonly principal: Principal; readonly one: ProposedPolicy };

function decide(controller: Controller, state: Database, { principal, one }: Proposal): Decided {
  const asked = askFor(principal, one);
  return { ...authorize(controller, state, asked), asked, one };
}

function askFor(principal: Principal, { environment }: ProposedPolicy): Asked {
  return { principal, action: "administer", resource: { kind: "environment", name: environment } };
}

/** Names and texts as they are: the same rules under another name are another policy to who reads about it. */
function isInForce(policy: AppliedPolicy | undefined, { approvals, files }: ProposedPolicy): boolean {
  return policy !== undefined && policy.approvals === approvals && isDeepStrictEqual(plain(policy.files), plain(files));
}

function applied(policies: PolicyEngine, { principal, one }: Proposal): NewEvent {
  const { environment, approvals } = one;
  const files = plain(one.files);
  const { digest } = policies.forEnvironment(files);
  return makeEvent(formatPrincipal(principal), "policy.applied", { environment, approvals, files, digest });
}

function plain(files: readonly PolicyFile[]): readonly PolicyFile[] {
  return files.map(({ name, text }) => ({ name, text }));
}
