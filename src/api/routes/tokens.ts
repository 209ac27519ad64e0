import { z } from "zod";
import { enrol } from "../../controller/identity/enrol.ts";
import { issueToken } from "../../controller/identity/issue-token.ts";
import { formatPrincipal } from "../../policy/principal-name.ts";
import { defineRoute, type AnyRoute } from "../route.ts";
import { keyUse, principalName } from "../schemas/identity.ts";
import { label } from "../schemas/words.ts";

const jwt = z.string().min(1).max(16_384);

const issue = defineRoute({
  method: "POST",
  path: "/api/v1/tokens",
  id: "issueToken",
  summary: "An access token for what a registered key signed, for an OIDC ID token, or for another access token",
  access: "anonymous",
  input: z.object({
    grant: z.enum(["assertion", "id-token", "token"]),
    token: jwt,
    environment: label.exactOptional(),
    /** Seconds. */
    lifetime: z.int().min(60).max(3600).exactOptional(),
  }),
  answer: z.object({
    token: z.string(),
    id: z.string(),
    principal: z.string(),
    environment: z.string().exactOptional(),
    /** Seconds since 1970. */
    expires: z.number(),
  }),
  errors: [
    "assertion-invalid",
    "assertion-replayed",
    "controller-mismatch",
    "environment-unknown",
    "identity-unknown",
    "issuer-unknown",
    "issuer-unusable",
    "token-environment",
    "token-expired",
    "token-invalid",
  ],
  handle: ({ controller, input: { grant: kind, ...grant } }) => issueToken(controller, { kind, ...grant }),
});

const enrolment = defineRoute({
  method: "POST",
  path: "/api/v1/enrolments",
  id: "enrol",
  summary: "Registers the keys of whoever has a one-time code",
  access: "anonymous",
  input: z.object({
    code: z.string().max(64),
    name: principalName.exactOptional(),
    keys: z
      .array(z.object({ pem: z.string().max(4096), use: keyUse, proof: jwt }))
      .min(1)
      .max(6),
  }),
  answer: z.object({ principal: z.string() }),
  errors: [
    "assertion-invalid",
    "controller-mismatch",
    "enrolment-invalid",
    "identity-exists",
    "key-malformed",
    "key-registered",
    "key-unsuitable",
    "too-many-attempts",
    "usage",
  ],
  handle: ({ controller, input }) => enrol(controller, input),
});

const whoAmI = defineRoute({
  method: "GET",
  path: "/api/v1/principal",
  id: "describePrincipal",
  summary: "Who the token stands for",
  access: "principal",
  input: z.object({}),
  answer: z.object({
    principal: z.string(),
    groups: z.array(z.string()).readonly(),
    roles: z.array(z.string()).readonly(),
    environment: z.string().exactOptional(),
  }),
  errors: [],
  handle: async ({ principal }) => ({
    principal: formatPrincipal(principal),
    groups: principal.groups,
    roles: principal.roles,
    ...(principal.environment === undefined ? {} : { environment: principal.environment }),
  }),
});

export const tokenRoutes: readonly AnyRoute[] = [issue, enrolment, whoAmI];
