import { z } from "zod";
import { liftQuarantine } from "../../controller/verbs/lift-quarantine.ts";
import { cancelRollout } from "../../controller/verbs/cancel-rollout.ts";
import { pauseRollout } from "../../controller/verbs/pause-rollout.ts";
import { planDeployment } from "../../controller/verbs/plan-deployment.ts";
import { promoteRollout } from "../../controller/verbs/promote-rollout.ts";
import { parseConfiguration } from "../../controller/verbs/release-configuration.ts";
import { resumeRollout } from "../../controller/verbs/resume-rollout.ts";
import { showServices } from "../../controller/verbs/show-services.ts";
import { listRollouts } from "../../controller/state/rollouts.ts";
import { requireReader } from "../require-reader.ts";
import { defineRoute, type AnyRoute } from "../route.ts";
import { rollout, service } from "../schemas/service.ts";
import { label, reason } from "../schemas/words.ts";

const place = { environment: label, service: label };
const path = "/api/v1/services/{environment}/{service}";

const list = defineRoute({
  method: "GET",
  path: "/api/v1/services",
  id: "listServices",
  summary: "The services that have a release: what is wanted of each, and what runs",
  access: "principal",
  input: z.object({ environment: label.exactOptional(), service: label.exactOptional() }),
  answer: z.object({ time: z.string(), services: z.array(service).readonly() }),
  errors: ["environment-unknown"],
  handle: async (call) => {
    await requireReader(call);
    const { controller, input } = call;
    const all = showServices(controller, input.environment);
    const services = all.filter((one) => input.service === undefined || one.service === input.service);
    return { time: controller.ledger.now().toISOString(), services };
  },
});

const plan = defineRoute({
  method: "POST",
  path: `${path}/plan`,
  id: "planDeployment",
  summary: "What would be done for a release, step by step, if all went well; nothing is done",
  access: "principal",
  input: z.object({
    ...place,
    image: z.string().max(1000),
    configuration: z.record(z.string(), z.unknown()).exactOptional(),
  }),
  answer: z.object({ steps: z.array(z.string()).readonly() }),
  errors: [
    "environment-unknown",
    "fleet-not-here",
    "image-not-pushed",
    "release-unknown",
    "configuration-unusable",
    "image-quarantined",
    "address-taken",
    "address-not-here",
  ],
  handle: async (call) => {
    await requireReader(call);
    const { configuration, ...order } = call.input;
    const given = configuration === undefined ? {} : { configuration: parseConfiguration(configuration) };
    return { steps: planDeployment(call.controller, { ...order, ...given }) };
  },
});

const rollouts = defineRoute({
  method: "GET",
  path: `${path}/rollouts`,
  id: "listRollouts",
  summary: "The rollouts of a service, newest first",
  access: "principal",
  input: z.object({ ...place, limit: z.coerce.number().int().min(1).max(1000).default(100) }),
  answer: z.object({ rollouts: z.array(rollout).readonly() }),
  errors: [],
  handle: async (call) => {
    await requireReader(call);
    return { rollouts: listRollouts(call.controller.ledger.state, call.input, call.input.limit) };
  },
});

const errors = ["environment-unknown", "rollout-unknown"] as const;

const pause = defineRoute({
  method: "POST",
  path: `${path}/rollout/pause`,
  id: "pauseRollout",
  summary: "Start and stop nothing more for the open rollout; lost instances are still replaced",
  access: "principal",
  input: z.object({ ...place, reason: reason.default("") }),
  answer: rollout,
  errors,
  handle: ({ controller, principal, input }) => pauseRollout(controller, principal, input),
});

const resume = defineRoute({
  method: "POST",
  path: `${path}/rollout/resume`,
  id: "resumeRollout",
  summary: "Go on with a paused rollout; its deadlines begin anew",
  access: "principal",
  input: z.object(place),
  answer: rollout,
  errors,
  handle: ({ controller, principal, input }) => resumeRollout(controller, principal, input),
});

const promote = defineRoute({
  method: "POST",
  path: `${path}/rollout/promotion`,
  id: "promoteRollout",
  summary: "Wait no more for a bake or a person's word: replace the rest",
  access: "principal",
  input: z.object(place),
  answer: rollout,
  errors,
  handle: ({ controller, principal, input }) => promoteRollout(controller, principal, input),
});

const cancel = defineRoute({
  method: "POST",
  path: `${path}/rollout/cancellation`,
  id: "cancelRollout",
  summary: "End the open rollout and bring the release before back",
  access: "principal",
  input: z.object({ ...place, reason: reason.default("") }),
  answer: rollout,
  errors,
  handle: ({ controller, principal, input }) => cancelRollout(controller, principal, input),
});

const lift = defineRoute({
  method: "POST",
  path: `${path}/quarantine/lifting`,
  id: "liftQuarantine",
  summary: "Say that an image which failed there may be started there again",
  access: "principal",
  input: z.object({ ...place, image: z.string().max(100), reason }),
  answer: z.object({ lifted: z.string() }),
  errors: ["environment-unknown", "quarantine-unfounded", "quarantine-unknown"],
  handle: async ({ controller, principal, input }) => {
    await liftQuarantine(controller, principal, input);
    return { lifted: input.image };
  },
});

export const serviceRoutes: readonly AnyRoute[] = [list, plan, rollouts, pause, resume, promote, cancel, lift];
