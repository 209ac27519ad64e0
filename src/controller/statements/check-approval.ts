import { longestApproval, readApproval, type Approval } from "../../evidence/approval/approval.ts";
import { quote } from "../../evidence/statement/statement.ts";
import type { Database } from "../../ledger/projection/database.ts";
import type { Controller } from "../controller.ts";
import type { StatementFacts } from "../events/statement-events.ts";
import { findPolicy } from "../state/policies.ts";
import { findNonce, lastWord, listAccepted } from "../state/statements.ts";
import { clip, secondsOf } from "./extract/view.ts";

/** What somebody signed as an approval. `principal`: who owns the key; `now`: seconds since 1970. */
export type SignedApproval = {
  readonly subject: string;
  readonly principal: string;
  readonly predicate: unknown;
  readonly now: number;
};

export type ApprovalStatementFacts = Extract<StatementFacts, { kind: "approval" }>;

/** The facts of an approval, or why it is not taken. Each check is one way to use a signature for something else than it was made for. */
export function checkApproval(
  controller: Controller,
  state: Database,
  signed: SignedApproval,
): { readonly facts: ApprovalStatementFacts } | { readonly reason: string } {
  const read = readApproval(signed.predicate);
  if ("reason" in read) return read;
  const { approval } = read;
  const reason =
    reasonOfPlace(controller, state, { approval, signed }) ??
    reasonOfReplay(state, approval, signed) ??
    reasonOfTime(approval, signed.now) ??
    reasonOfReview(state, approval, signed);
  return reason === undefined ? { facts: toFacts(approval) } : { reason };
}

type Checked = { readonly approval: Approval; readonly signed: SignedApproval };

function reasonOfPlace(controller: Controller, state: Database, { approval, signed }: Checked): string | undefined {
  const { baseUrl } = controller.settings;
  // 1. Attack: one person's key says that another approves.
  if (approval.approver !== signed.principal)
    return `it says that ${quote(approval.approver)} decides, and ${signed.principal} signed it`;
  // 2. Attack: an approval for a test controller, carried to the real one.
  if (approval.controller !== baseUrl) return `it is for the controller ${quote(approval.controller)}, not ${baseUrl}`;
  // 3. Attack: an approval for staging, used in production. It counts for the environment that it names, which must be one.
  const policy = findPolicy(state, approval.environment);
  if (policy === undefined) return `it is for the environment ${quote(approval.environment)}, which does not exist`;
  // 4. What was shown to the person was decided by other rules.
  if (controller.policies.forEnvironment(policy.files).digest !== approval.policyDigest)
    return `it was made under another policy than the one in force in ${approval.environment}`;
  return undefined;
}

function reasonOfReplay(state: Database, approval: Approval, signed: SignedApproval): string | undefined {
  const { nonce, environment } = approval;
  // 5. Attack: an approval that was rejected or deleted since is pushed again.
  const taken = findNonce(state, signed.principal, nonce);
  if (taken !== undefined) return `it was taken before, as #${taken}, and is taken once`;
  // 6. Attack: an earlier approval that was kept back, pushed after the rejection.
  const last = lastWord(state, { subject: signed.subject, environment, principal: signed.principal });
  if (last !== undefined && (secondsOf(approval.created) ?? 0) < last)
    return `it was made before the last word of ${signed.principal}, which is of ${new Date(last * 1000).toISOString()}`;
  return undefined;
}

/** Seconds: long enough to read, type a passphrase and push; short enough that what is stolen is of no use the next day. */
const youngEnough = 10 * 60;
/** Seconds by which clocks may differ. */
export const clockDifference: number = 5 * 60;

function reasonOfTime({ created, expires, decision }: Approval, now: number): string | undefined {
  const made = secondsOf(created) ?? 0;
  // 7. Attack: an approval that was never pushed is found later.
  if (now - made > youngEnough) return `it was made at ${created}, more than 10 minutes ago`;
  if (made - now > clockDifference) return `it is dated ${created}, in the future`;
  if (decision === "reject") return undefined;
  const end = secondsOf(expires) ?? 0;
  // 8. It ends, and soon enough that somebody still knows what was looked at.
  if (end <= now) return `it expired at ${expires ?? "a time that is no time"}`;
  if (end - made > longestApproval) return `it would count until ${expires}, longer than 30 days`;
  return undefined;
}

/** 9. What was reviewed must be what is on the record about this image. */
function reasonOfReview(state: Database, { reviewed }: Approval, { subject }: SignedApproval): string | undefined {
  if (reviewed.length === 0) return undefined;
  const known = new Set(
    listAccepted(state, subject).flatMap(({ manifest, logged }) =>
      logged === undefined ? manifest : [manifest, logged.manifest],
    ),
  );
  const strange = reviewed.find((digest) => !known.has(digest));
  return strange === undefined ? undefined : `it names ${strange} as reviewed, which is no statement about this image`;
}

/** 9999-12-31: a rejection has no end of its own. */
const never = 253_402_214_400;

function toFacts(approval: Approval): ApprovalStatementFacts {
  const { environment, decision, expires, reason, created, nonce, reviewed, policyDigest } = approval;
  return {
    kind: "approval",
    environment,
    verdict: decision,
    expires: decision === "reject" ? never : (secondsOf(expires) ?? 0),
    reason: clip(reason, 1000),
    created: secondsOf(created) ?? 0,
    nonce,
    reviewed,
    policyDigest,
  };
}
