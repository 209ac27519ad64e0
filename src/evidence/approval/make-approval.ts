import type { Context } from "../../ground/context.ts";
import type { Approval } from "./approval.ts";

/** What a person decides, and about what. `expires`: seconds from now, of an approval. */
export type ApprovalWords = Pick<
  Approval,
  "approver" | "decision" | "environment" | "controller" | "policyDigest" | "reviewed" | "reason"
> & { readonly seconds: number };

/** The predicate to sign: now, and once. */
export function makeApproval(ctx: Pick<Context, "now" | "randomBytes">, words: ApprovalWords): Approval {
  const { seconds, ...said } = words;
  const created = ctx.now();
  const expires = new Date(created.getTime() + seconds * 1000).toISOString();
  return {
    ...said,
    created: created.toISOString(),
    ...(said.decision === "approve" ? { expires } : {}),
    nonce: ctx.randomBytes(16).toString("hex"),
  };
}
