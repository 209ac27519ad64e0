import { IngotError } from "../../ground/error.ts";
import type { Action, Decision, ImageFacts, Principal } from "../../policy/policy.ts";
import { formatPrincipal } from "../../policy/principal-name.ts";
import type { Controller } from "../controller.ts";
import { gatherFacts } from "../facts/gather-facts.ts";
import type { Moment } from "../state-at.ts";
import { findIdentity, toPrincipal } from "../state/identities.ts";
import type { Database } from "../../ledger/projection/database.ts";
import { judge } from "../decisions/authorize.ts";
import { findImage, type PushedImage } from "./find-image.ts";
import { resourceOf } from "../decisions/judge-image.ts";
import { requirePolicy } from "../decisions/require-policy.ts";

export type Question = {
  readonly image: string;
  readonly environment: string;
  readonly action: Extract<Action, "deploy" | "promote" | "rollback" | "pull" | "approve">;
  /** `user:alice`; by default whoever asks. */
  readonly as?: string;
};

export type Explanation = PushedImage & {
  readonly environment: string;
  readonly action: Question["action"];
  readonly principal: string;
  readonly policy: { readonly version: number; readonly approvals: number; readonly files: readonly string[] };
  readonly decision: Decision;
  readonly facts: ImageFacts;
};

/** What would be decided, and by what, without deciding it: nothing is put on the record. Throws `environment-unknown`, `identity-unknown`, `image-not-pushed`. */
export function explain(
  { policies }: Controller,
  moment: Moment,
  { asker, ...question }: Question & { readonly asker: Principal },
): Explanation {
  const { state } = moment;
  const { environment, action } = question;
  const found = findImage(state, question.image);
  const policy = requirePolicy(state, environment);
  const principal = question.as === undefined ? asker : requirePrincipal(state, question.as, { action, environment });
  const decision = judge(policies, moment, {
    principal,
    action,
    resource: resourceOf({ action, repository: found.repository, environment: { name: environment } }),
    environment,
    ...found,
  });
  return {
    ...found,
    environment,
    action,
    principal: formatPrincipal(principal),
    policy: { version: policy.version, approvals: policy.approvals, files: policy.files.map(({ name }) => name) },
    decision,
    facts: gatherFacts(state, found.image),
  };
}

function requirePrincipal(
  state: Database,
  name: string,
  { action, environment }: { readonly action: Action; readonly environment: string },
): Principal {
  const identity = findIdentity(state, name);
  if (identity === undefined || identity.removed) {
    throw new IngotError("identity-unknown", `the controller knows nobody of the name ${JSON.stringify(name)}`, {
      hint: "write user:NAME or workload:NAME; `ingot identity list` shows who there is",
    });
  }
  // A pull for an environment is one with a token for it.
  const scope = identity.environment ?? (action === "pull" ? environment : undefined);
  return { ...toPrincipal(identity), ...(scope === undefined ? {} : { environment: scope }) };
}
