import { z } from "zod";

const missing = z.object({ policy: z.string(), missing: z.string(), supply: z.string().exactOptional() });

/** `Decision` of policy.ts. */
export const decision = z.object({
  permit: z.boolean(),
  policies: z.array(z.string()).readonly(),
  missing: z.array(missing).readonly(),
  policyDigest: z.string(),
  until: z.number().exactOptional(),
  lifted: z.array(missing).readonly().exactOptional(),
});
