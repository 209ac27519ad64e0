import { z } from "zod";

/** `Release` of the controller's state. */
export const release = z.object({
  service: z.string(),
  environment: z.string(),
  number: z.number(),
  repository: z.string(),
  image: z.string(),
  configuration: z.record(z.string(), z.unknown()),
  decision: z.number(),
  reason: z.string(),
  from: z
    .object({ environment: z.string(), number: z.number(), kind: z.enum(["promote", "rollback"]) })
    .exactOptional(),
  breakGlass: z.object({ reason: z.string(), expires: z.number() }).exactOptional(),
  createdBy: z.string(),
  created: z.string(),
  event: z.number(),
});
