import { z } from "zod";
import { collect } from "../../controller/registry/collect.ts";
import { formatPrincipal } from "../../policy/principal-name.ts";
import { requirePermit } from "../../controller/decisions/require-permit.ts";
import { defineRoute, type AnyRoute } from "../route.ts";

const collection = defineRoute({
  method: "POST",
  path: "/api/v1/garbage",
  id: "collectGarbage",
  summary: "Free what no manifest, release, instance, upload or build needs",
  access: "principal",
  input: z.object({
    /** Seconds: what is younger stays. */
    grace: z.number().min(0).default(3600),
    dryRun: z.boolean().default(false),
  }),
  answer: z.object({
    blobs: z.array(z.object({ digest: z.string(), size: z.number() })),
    uploads: z.number(),
    freed: z.number(),
  }),
  errors: ["locked-by-another"],
  handle: async ({ controller, principal, input: { grace, dryRun } }) => {
    await requirePermit(controller, { principal, action: "administer", resource: { kind: "controller" } });
    const { blobs, uploads, freed } = await collect(controller, {
      actor: formatPrincipal(principal),
      grace: grace * 1000,
      dryRun,
    });
    return { blobs: [...blobs], uploads, freed };
  },
});

export const garbageRoutes: readonly AnyRoute[] = [collection];
