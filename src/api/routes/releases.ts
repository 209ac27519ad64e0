import { z } from "zod";
import { parseBreakGlass, type BreakGlass } from "../../controller/verbs/break-glass.ts";
import { deploy } from "../../controller/verbs/deploy.ts";
import { promote } from "../../controller/verbs/promote.ts";
import { parseConfiguration } from "../../controller/verbs/release-configuration.ts";
import { rollback } from "../../controller/verbs/rollback.ts";
import { stateAt } from "../../controller/state-at.ts";
import { listReleases } from "../../controller/state/releases.ts";
import { requireReader } from "../require-reader.ts";
import { defineRoute, type AnyRoute } from "../route.ts";
import { decision } from "../schemas/decision.ts";
import { release } from "../schemas/release.ts";
import { at, label, reason } from "../schemas/words.ts";

const place = { environment: label, service: label };

const order = {
  ...place,
  reason: reason.default(""),
  /** `seconds`: for how long; four hours by default, a day at most. */
  breakGlass: z.strictObject({ reason: z.string().max(10_000), seconds: z.number().exactOptional() }).exactOptional(),
};

const made = z.object({ created: z.boolean(), release, decision });

const errors = [
  "environment-unknown",
  "release-unknown",
  "break-glass-malformed",
  "image-quarantined",
  "configuration-unusable",
] as const;

const deployRoute = defineRoute({
  method: "POST",
  path: "/api/v1/releases/{environment}/{service}",
  id: "deploy",
  summary: "Make an image the current release of a service, by the policy's leave",
  access: "principal",
  input: z.object({
    ...order,
    image: z.string().max(1000),
    configuration: z.record(z.string(), z.unknown()).exactOptional(),
  }),
  answer: made,
  errors: [...errors, "image-not-pushed", "reference-ambiguous", "reference-malformed"],
  handle: async ({ controller, principal, input }) => {
    const { configuration, ...rest } = input;
    return deploy(controller, principal, {
      ...toOrder(rest),
      ...(configuration === undefined ? {} : { configuration: parseConfiguration(configuration) }),
    });
  },
});

const promoteRoute = defineRoute({
  method: "POST",
  path: "/api/v1/releases/{environment}/{service}/promotion",
  id: "promote",
  summary: "Take a release of another environment into this one: the same image and configuration, decided anew",
  access: "principal",
  input: z.object({ ...order, from: label, number: z.int().min(1).exactOptional() }),
  answer: made,
  errors,
  handle: async ({ controller, principal, input }) => {
    const { environment, ...rest } = input;
    return promote(controller, principal, { ...toOrder(rest), to: environment });
  },
});

const rollbackRoute = defineRoute({
  method: "POST",
  path: "/api/v1/releases/{environment}/{service}/rollback",
  id: "rollBack",
  summary: "Make an earlier release current again, as a release of its own",
  access: "principal",
  input: z.object({ ...order, to: z.int().min(1).exactOptional() }),
  answer: made.extend({ passedOver: z.array(z.object({ number: z.number(), why: z.string() })).readonly() }),
  errors: [...errors, "rollback-refused"],
  handle: async ({ controller, principal, input }) => rollback(controller, principal, toOrder(input)),
});

const listRoute = defineRoute({
  method: "GET",
  path: "/api/v1/releases/{environment}/{service}",
  id: "listReleases",
  summary: "The releases of a service in an environment, newest first",
  access: "principal",
  input: z.object({ ...place, at, limit: z.coerce.number().int().min(1).max(1000).default(100) }),
  answer: z.object({ releases: z.array(release).readonly() }),
  errors: [],
  handle: async ({ controller, principal, input }) => {
    await requireReader({ controller, principal });
    const { state } = await stateAt(controller, input.at);
    return { releases: listReleases(state, input, input.limit) };
  },
});

export const releaseRoutes: readonly AnyRoute[] = [deployRoute, promoteRoute, rollbackRoute, listRoute];

type SentGlass = { readonly breakGlass?: { readonly reason: string; readonly seconds?: number } };

/** What was sent, with its reason and time for going around the policy checked. */
function toOrder<T extends SentGlass>(sent: T): Omit<T, "breakGlass"> & { readonly breakGlass?: BreakGlass } {
  const { breakGlass, ...rest } = sent;
  return breakGlass === undefined
    ? rest
    : { ...rest, breakGlass: parseBreakGlass(breakGlass.reason, breakGlass.seconds) };
}
