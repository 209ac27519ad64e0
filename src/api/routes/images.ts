import { z } from "zod";
import { stateAt } from "../../controller/state-at.ts";
import { describeImage } from "../../controller/verbs/describe-image.ts";
import { explain } from "../../controller/verbs/explain.ts";
import { requireReader } from "../require-reader.ts";
import { defineRoute, type AnyRoute } from "../route.ts";
import { decision } from "../schemas/decision.ts";
import { describedImage, imageFacts } from "../schemas/image.ts";
import { at, label } from "../schemas/words.ts";

/** `shop/web:1`, `shop/web@sha256:…` or a digest; percent-encoded in a path. */
const image = z.string().min(1).max(1000);

const describeRoute = defineRoute({
  method: "GET",
  path: "/api/v1/images/{image}",
  id: "describeImage",
  summary: "What is known of an image: tags, statements, facts, approvals, and what each environment says of it",
  access: "principal",
  input: z.object({ image, at }),
  answer: describedImage,
  errors: ["image-not-pushed", "reference-ambiguous", "reference-malformed"],
  handle: async ({ controller, principal, input }) => {
    await requireReader({ controller, principal });
    return describeImage(controller, await stateAt(controller, input.at), input.image);
  },
});

const explainRoute = defineRoute({
  method: "GET",
  path: "/api/v1/images/{image}/explanation",
  id: "explainDecision",
  summary: "What would be decided about an image for an environment, by which policies, and what is missing",
  access: "principal",
  input: z.object({
    image,
    at,
    environment: label,
    action: z.enum(["deploy", "promote", "rollback", "pull", "approve"]).default("deploy"),
    as: z.string().max(300).exactOptional(),
  }),
  answer: z.object({
    repository: z.string(),
    image: z.string(),
    environment: z.string(),
    action: z.string(),
    principal: z.string(),
    policy: z.object({ version: z.number(), approvals: z.number(), files: z.array(z.string()).readonly() }),
    decision,
    facts: imageFacts,
  }),
  errors: ["environment-unknown", "identity-unknown", "image-not-pushed", "reference-ambiguous", "reference-malformed"],
  handle: async ({ controller, principal, input }) => {
    await requireReader({ controller, principal });
    const { at: time, ...question } = input;
    return explain(controller, await stateAt(controller, time), { ...question, asker: principal });
  },
});

export const imageRoutes: readonly AnyRoute[] = [describeRoute, explainRoute];
