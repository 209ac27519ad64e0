import type { Statement, StatementKind } from "../../evidence/evidence.ts";
import { kindOf } from "../../evidence/statement/statement.ts";
import { statementTime } from "../../evidence/verify/statement-time.ts";
import type { NewEvent } from "../../ledger/event.ts";
import type { Database } from "../../ledger/projection/database.ts";
import type { Decision } from "../../policy/policy.ts";
import type { Controller } from "../controller.ts";
import type { StatementFacts } from "../events/statement-events.ts";
import { findIdentity, listStatementKeys, toPrincipal, type StatementKey } from "../state/identities.ts";
import { listAccepted, type AcceptedStatement } from "../state/statements.ts";
import { authorize, type Asked } from "../decisions/authorize.ts";
import { checkApproval, clockDifference } from "./check-approval.ts";
import { extractFacts } from "./extract/extract-facts.ts";
import { extractSbom, type FoundRevoked } from "./extract/sbom.ts";
import { secondsOf } from "./extract/view.ts";
import { findOwner } from "./find-owner.ts";
import { payloadDigest, type PushedStatement, type ReadAttachment } from "./read-attachment.ts";

type Read = Exclude<ReadAttachment, { status: "refused" }>;

/** What becomes of a statement. `decisions`: what was decided about it, for the record. */
export type Judged =
  /** It counts already, by another manifest or another push. */
  | { readonly status: "known"; readonly same: AcceptedStatement }
  | {
      readonly status: "uncounted";
      readonly kind: StatementKind | "other";
      readonly reason: string;
      readonly decisions: readonly NewEvent[];
      /** Where it is the policy that does not let this person approve. */
      readonly denial?: Denial;
    }
  | {
      readonly status: "counts";
      readonly kind: StatementKind | "other";
      readonly owner: StatementKey;
      readonly payload: string;
      readonly made?: string;
      readonly facts: StatementFacts;
      readonly revoked: readonly FoundRevoked[];
      readonly decisions: readonly NewEvent[];
      readonly signed: Extract<Read, { status: "signed" }>;
      /** The same statement about the image in another repository. */
      readonly same?: AcceptedStatement;
    };

export type Denial = { readonly asked: Asked; readonly decision: Decision };

/** Whether a statement counts, by the state as it is. */
export function judgeStatement(
  controller: Controller,
  state: Database,
  { pushed, read }: { readonly pushed: PushedStatement; readonly read: Read },
): Judged {
  if (read.status === "uncounted") return { ...read, decisions: [] };
  const { statement, payload, key } = read;
  const kind = kindOf(statement.predicateType);
  const digest = payloadDigest(payload);
  const found = findOwner(
    listStatementKeys(state).filter(({ id }) => id === key.id),
    kind,
  );
  const same = listAccepted(state, pushed.subject).filter(
    (one) => one.payload === digest && one.key === key.id && !one.isDeleted,
  );
  const here = same.find(({ repository }) => repository === pushed.repository);
  // An approval holds for the image, wherever it is kept.
  if (here !== undefined) return { status: "known", same: here };
  if (same[0] !== undefined && kind === "approval") return { status: "known", same: same[0] };
  if ("reason" in found) return { status: "uncounted", kind, reason: found.reason, decisions: [] };
  const judged = judgeContent(controller, state, { pushed, kind, statement, owner: found.owner });
  if ("reason" in judged) return { status: "uncounted", kind, decisions: [], ...judged };
  const made = statementTime({ kind, statement });
  return {
    status: "counts",
    kind,
    owner: found.owner,
    payload: digest,
    ...(made === undefined ? {} : { made }),
    revoked: [],
    decisions: [],
    ...judged,
    signed: read,
    ...(same[0] === undefined ? {} : { same: same[0] }),
  };
}

type Said = {
  readonly pushed: PushedStatement;
  readonly kind: StatementKind | "other";
  readonly statement: Statement;
  readonly owner: StatementKey;
};

type Content =
  | {
      readonly facts: StatementFacts;
      readonly revoked?: readonly FoundRevoked[];
      readonly decisions?: readonly NewEvent[];
    }
  | { readonly reason: string; readonly decisions?: readonly NewEvent[]; readonly denial?: Denial };

function judgeContent(controller: Controller, state: Database, said: Said): Content {
  const { kind, statement } = said;
  const { predicate } = statement;
  const received = Math.floor(controller.ledger.now().getTime() / 1000);
  const made = statementTime({ kind, statement });
  // Attack: a scan of next year, which is the newest one until then.
  if (made !== undefined && (secondsOf(made) ?? Infinity) - received > clockDifference)
    return { reason: `it is dated ${made}, in the future: is the clock of whoever made it right?` };
  if (kind === "approval") return judgeApproval(controller, state, { ...said, received });
  if (kind === "cyclonedx" || kind === "spdx") return extractSbom(state, { kind, predicate });
  const facts = extractFacts({ kind, predicate, received });
  return "reason" in facts ? facts : { facts };
}

/** What an approval says must be right, and the person must be one who may approve this image there: not its author, and not by another role. */
function judgeApproval(controller: Controller, state: Database, said: Said & { readonly received: number }): Content {
  const { pushed, owner, statement, received } = said;
  const { principal } = owner;
  const signed = { subject: pushed.subject, principal, predicate: statement.predicate, now: received };
  const checked = checkApproval(controller, state, signed);
  if ("reason" in checked) return checked;
  const identity = findIdentity(state, principal);
  if (identity === undefined || identity.removed) return { reason: `${principal} is not known here any more` };
  const asked: Asked = {
    principal: toPrincipal(identity),
    action: "approve",
    resource: { kind: "image", repository: pushed.repository },
    environment: checked.facts.environment,
    image: pushed.subject,
  };
  const { decision, event } = authorize(controller, state, asked);
  if (decision.permit) return { facts: checked.facts, decisions: [event] };
  const why = decision.missing.map(({ policy, missing }) => `${policy}: ${missing}`).join("; ");
  return {
    reason: why === "" ? `${principal} is no approver` : why.slice(0, 500),
    decisions: [event],
    denial: { asked, decision },
  };
}
