import { z } from "zod";
import { approve } from "../../controller/verbs/approve.ts";
import { defineRoute, type AnyRoute } from "../route.ts";
import { approval } from "../schemas/image.ts";

const approveRoute = defineRoute({
  method: "POST",
  path: "/api/v1/approvals",
  id: "approve",
  summary: "Attach an approval or a rejection, signed by the approver's own key, to an image",
  access: "principal",
  input: z.object({
    image: z.string().min(1).max(1000),
    /** A sigstore bundle v0.3, as the JSON text that was signed and written. */
    bundle: z.string().min(1).max(200_000),
  }),
  answer: z.object({
    repository: z.string(),
    image: z.string(),
    manifest: z.string(),
    event: z.number().exactOptional(),
    approvals: z.array(approval).readonly(),
  }),
  errors: [
    "approval-refused",
    "image-not-pushed",
    "reference-ambiguous",
    "reference-malformed",
    "statement-refused",
    "policy-denied",
  ],
  handle: async ({ controller, principal, input }) => approve(controller, principal, input),
});

export const approvalRoutes: readonly AnyRoute[] = [approveRoute];
