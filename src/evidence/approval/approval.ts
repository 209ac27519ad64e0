import { z } from "zod";
import { isDigest } from "../../oci/digest.ts";

/**
 * What a person signs who approves or rejects an image for one environment: the predicate of `https://ingot.dev/attestation/approval/v1`. docs/approvals.md explains
 * it. Every member narrows what the signature can be used for: whose word, where, about what, until when, and once.
 */
export type Approval = {
  /** Who decides, as the controller knows them: `user:alice`. */
  readonly approver: string;
  readonly decision: "approve" | "reject";
  readonly environment: string;
  /** `baseUrl` of the controller that it is for. */
  readonly controller: string;
  /** Of the policies that were in force for the environment. */
  readonly policyDigest: string;
  /** Digests of the manifests of the statements that were shown. */
  readonly reviewed: readonly string[];
  /** ISO 8601, as are all times. */
  readonly created: string;
  /** An approval ends; a rejection stands until its maker approves. */
  readonly expires?: string;
  readonly reason: string;
  /** Hex of 16 random bytes. */
  readonly nonce: string;
};

/** Seconds: 30 days. Longer, and nobody knows any more what was looked at. */
export const longestApproval: number = 30 * 86_400;

/** Reads the predicate of a statement whose signature was checked; or says what is wrong with it. */
export function readApproval(predicate: unknown): { readonly approval: Approval } | { readonly reason: string } {
  const parsed = schema.safeParse(predicate);
  if (parsed.success) return { approval: parsed.data };
  const [issue] = parsed.error.issues;
  return { reason: `it is no approval: ${issue?.path.join(".") || "the whole"}: ${issue?.message.slice(0, 200)}` };
}

const digest = z.string().refine(isDigest, { message: "expected a digest" });
const time = z.iso.datetime({ offset: true });
const name = z.string().min(1).max(300);

const shared = {
  approver: name,
  environment: name,
  controller: name,
  policyDigest: digest,
  reviewed: z.array(digest).max(300),
  created: time,
  reason: z.string().max(1000),
  nonce: z.string().regex(/^[0-9a-f]{32}$/, { message: "expected 32 hex digits" }),
};

// Strict: a member that is not known could narrow what was meant, and would be passed over.
const schema = z.discriminatedUnion("decision", [
  z.strictObject({ ...shared, decision: z.literal("approve"), expires: time }),
  z.strictObject({ ...shared, decision: z.literal("reject") }),
]);
