import { z } from "zod";
import { stateAt } from "../../controller/state-at.ts";
import { listPolicies, listVersions } from "../../controller/state/policies.ts";
import { applyPolicies } from "../../controller/verbs/apply-policy.ts";
import { diffPolicies } from "../../controller/verbs/diff-policy.ts";
import { requirePolicy } from "../../controller/decisions/require-policy.ts";
import { requireReader } from "../require-reader.ts";
import { defineRoute, type AnyRoute } from "../route.ts";
import { decision } from "../schemas/decision.ts";
import { at, label } from "../schemas/words.ts";

/** Bytes of all files of an environment as JSON: they are one event. A line's end and a quotation mark have two. */
const mostText = 60_000;

const file = z.strictObject({
  // Attack: a name that is printed with every mistake, and moves the terminal's cursor or turns what is read.
  name: z.string().regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]{1,200}$/u, {
    error: "expected a name without control characters, of at most 200",
  }),
  text: z.string().max(mostText),
});

const proposed = z.strictObject({
  environment: label,
  approvals: z.int().min(0).max(20),
  files: z
    .array(file)
    .max(20)
    .refine((files) => Buffer.byteLength(JSON.stringify(files)) <= mostText, {
      error: `expected at most ${mostText} bytes of policies, as JSON, for one environment`,
    }),
});

const all = z
  .array(proposed)
  .min(1)
  .max(50)
  .refine((list) => new Set(list.map(({ environment }) => environment)).size === list.length, {
    error: "expected each environment once",
  });

const version = z.object({
  environment: z.string(),
  version: z.number(),
  approvals: z.number(),
  files: z.array(z.object({ name: z.string(), text: z.string() })).readonly(),
  digest: z.string(),
  appliedBy: z.string(),
  applied: z.string(),
  event: z.number(),
});

const applyRoute = defineRoute({
  method: "POST",
  path: "/api/v1/policies",
  id: "applyPolicies",
  summary: "Put policies in force, all or none; the first one of an environment makes it",
  access: "principal",
  input: z.object({ policies: all }),
  answer: z.object({ policies: z.array(z.object({ changed: z.boolean(), policy: version })).readonly() }),
  errors: ["policy-invalid", "policy-denied"],
  handle: async ({ controller, principal, input }) => {
    return { policies: await applyPolicies(controller, principal, input.policies) };
  },
});

const diffRoute = defineRoute({
  method: "POST",
  path: "/api/v1/policies/diff",
  id: "diffPolicies",
  summary: "What policies would decide otherwise if they were put in force, over all images",
  access: "principal",
  input: z.object({ policies: all }),
  answer: z.object({
    images: z.number(),
    changed: z.number(),
    changes: z
      .array(
        z.object({
          environment: z.string(),
          action: z.enum(["deploy", "pull"]),
          repository: z.string(),
          image: z.string(),
          tags: z.array(z.string()).readonly(),
          before: decision.exactOptional(),
          after: decision,
        }),
      )
      .readonly(),
  }),
  errors: ["policy-invalid", "policy-denied"],
  handle: async ({ controller, principal, input }) => {
    await requireReader({ controller, principal });
    return diffPolicies(controller, input.policies);
  },
});

const listRoute = defineRoute({
  method: "GET",
  path: "/api/v1/policies",
  id: "listPolicies",
  summary: "The policy in force in each environment",
  access: "principal",
  input: z.object({ at }),
  answer: z.object({ policies: z.array(version).readonly() }),
  errors: [],
  handle: async ({ controller, principal, input }) => {
    await requireReader({ controller, principal });
    const { state } = await stateAt(controller, input.at);
    return { policies: listPolicies(state) };
  },
});

const versionsRoute = defineRoute({
  method: "GET",
  path: "/api/v1/policies/{environment}",
  id: "listPolicyVersions",
  summary: "The versions of an environment's policy, newest first",
  access: "principal",
  input: z.object({ environment: label, at, limit: z.coerce.number().int().min(1).max(1000).default(20) }),
  answer: z.object({ versions: z.array(version).readonly() }),
  errors: ["environment-unknown"],
  handle: async ({ controller, principal, input }) => {
    await requireReader({ controller, principal });
    const { state } = await stateAt(controller, input.at);
    requirePolicy(state, input.environment);
    return { versions: listVersions(state, input.environment, input.limit) };
  },
});

export const policyRoutes: readonly AnyRoute[] = [applyRoute, diffRoute, listRoute, versionsRoute];
