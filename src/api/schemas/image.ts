import { z } from "zod";
import { decision } from "./decision.ts";

const scan = z.object({
  finished: z.number(),
  exploited: z.array(z.string()).readonly(),
  fixable: z
    .array(z.object({ id: z.string(), severity: z.enum(["critical", "high", "unknown"]), since: z.number() }))
    .readonly(),
  gaps: z.number(),
});

/** `ApprovalFacts` of policy.ts. */
export const approval = z.object({
  by: z.string(),
  environment: z.string(),
  verdict: z.enum(["approve", "reject"]),
  expires: z.number(),
  reason: z.string().exactOptional(),
});

/** `ImageFacts` of policy.ts. */
export const imageFacts = z.object({
  digest: z.string(),
  repositories: z.array(z.string()).readonly(),
  statements: z.array(z.object({ kind: z.string(), by: z.array(z.string()).readonly() })).readonly(),
  authors: z.array(z.string()).readonly(),
  strangers: z.array(z.string()).readonly().exactOptional(),
  scan: scan.exactOptional(),
  tests: z
    .object({ passed: z.boolean(), finished: z.number(), failed: z.array(z.string()).readonly() })
    .exactOptional(),
  approvals: z.array(approval).readonly(),
  revocations: z.array(z.object({ event: z.number(), what: z.string(), reason: z.string() })).readonly(),
  uncounted: z.array(z.object({ kind: z.string(), reason: z.string() })).readonly(),
  releases: z.array(z.string()).readonly().exactOptional(),
});

const statement = z.object({
  manifest: z.string(),
  kind: z.string(),
  predicateType: z.string(),
  by: z.string(),
  role: z.string(),
  key: z.string(),
  made: z.string().exactOptional(),
  event: z.number(),
  fallen: z.enum(["revoked", "deleted"]).exactOptional(),
});

/** `DescribedImage` of the controller. */
export const describedImage = z.object({
  repository: z.string(),
  image: z.string(),
  mediaType: z.string(),
  size: z.number(),
  tags: z.array(z.string()).readonly(),
  facts: imageFacts,
  statements: z.array(statement).readonly(),
  environments: z.array(z.object({ environment: z.string(), policyDigest: z.string(), decision })).readonly(),
});
