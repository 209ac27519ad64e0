import { z } from "zod";
import { makeOpenApi } from "./openapi.ts";
import { defineRoute, type AnyRoute } from "./route.ts";
import { approvalRoutes } from "./routes/approvals.ts";
import { auditRoutes } from "./routes/audit.ts";
import { controllerRoutes } from "./routes/controller.ts";
import { driftRoutes } from "./routes/drift.ts";
import { garbageRoutes } from "./routes/garbage.ts";
import { identityRoutes } from "./routes/identities.ts";
import { imageRoutes } from "./routes/images.ts";
import { keyRoutes } from "./routes/keys.ts";
import { instanceRoutes } from "./routes/instances.ts";
import { policyRoutes } from "./routes/policies.ts";
import { releaseRoutes } from "./routes/releases.ts";
import { revocationRoutes } from "./routes/revocations.ts";
import { serviceRoutes } from "./routes/services.ts";
import { statusRoutes } from "./routes/status.ts";
import { tokenRoutes } from "./routes/tokens.ts";

const subjects: readonly AnyRoute[] = [
  ...controllerRoutes,
  ...tokenRoutes,
  ...identityRoutes,
  ...keyRoutes,
  ...imageRoutes,
  ...policyRoutes,
  ...approvalRoutes,
  ...releaseRoutes,
  ...statusRoutes,
  ...serviceRoutes,
  ...instanceRoutes,
  ...garbageRoutes,
  ...revocationRoutes,
  ...driftRoutes,
  ...auditRoutes,
];

const document = defineRoute({
  method: "GET",
  path: "/api/v1/openapi.json",
  id: "describeApi",
  summary: "This document",
  access: "anonymous",
  input: z.object({}),
  answer: z.looseObject({ openapi: z.string() }),
  errors: [],
  handle: async () => openApiDocument() as { openapi: string },
});

/** Every route of the REST API, in the order of its document. */
export const routes: readonly AnyRoute[] = [...subjects, document];

let made: object | undefined;

/** The document of all routes; made once. */
export function openApiDocument(): object {
  made ??= makeOpenApi(routes);
  return made;
}
