import { z } from "zod";
import { resetBreaker } from "../../controller/drift/breakers.ts";
import { captureNow } from "../../controller/drift/capture-now.ts";
import { readGuardKey } from "../../controller/drift/guard-key.ts";
import { needsSomebody, viewGuard } from "../../controller/drift/guard-view.ts";
import { requireGuard } from "../../controller/drift/require-guard.ts";
import { showDrift } from "../../controller/drift/show-drift.ts";
import { listDrift } from "../../controller/state/drift.ts";
import { requireReader } from "../require-reader.ts";
import { defineRoute, type AnyRoute } from "../route.ts";
import { capture, drift, guardView } from "../schemas/drift.ts";
import { at, count, label } from "../schemas/words.ts";

const place = { environment: label, service: label };
const instance = z.string().min(1).max(48);

const list = defineRoute({
  method: "GET",
  path: "/api/v1/drift",
  id: "listDrift",
  summary: "What was found on instances that their image does not explain, newest first",
  access: "principal",
  input: z.object({
    environment: label.exactOptional(),
    service: label.exactOptional(),
    instance: instance.exactOptional(),
    since: at,
    open: z.stringbool().default(false),
    limit: z.coerce.number().int().min(1).max(1000).default(100),
    before: count.exactOptional(),
  }),
  answer: z.object({ drift: z.array(drift).readonly() }),
  errors: [],
  handle: async (call) => {
    await requireReader(call);
    const { open: isOpen, limit: most, since, ...filter } = call.input;
    const moment = since === undefined ? {} : { since: new Date(since).toISOString() };
    return { drift: listDrift(call.controller.ledger.state, { ...filter, ...moment, isOpen, most }) };
  },
});

const show = defineRoute({
  method: "GET",
  path: "/api/v1/drift/{number}",
  id: "showDrift",
  summary: "One finding with its chain of processes, its captures, and what replaced the instance",
  access: "principal",
  input: z.object({ number: count }),
  answer: z.object({ drift, meaning: z.string(), captures: z.array(capture).readonly() }),
  errors: ["drift-unknown"],
  handle: async (call) => {
    await requireReader(call);
    return showDrift(call.controller.ledger.state, call.input.number);
  },
});

const describeGuard = defineRoute({
  method: "GET",
  path: "/api/v1/guard",
  id: "describeGuard",
  summary: "Whether the guard sees, what it watches, and what it found that is not over",
  access: "principal",
  input: z.object({}),
  answer: guardView,
  errors: [],
  handle: async (call) => {
    await requireReader(call);
    const view = await viewGuard(call.controller);
    return { ...view, needsSomebody: needsSomebody(view) };
  },
});

const key = defineRoute({
  method: "GET",
  path: "/api/v1/guard/key",
  id: "showGuardKey",
  summary: "The public key that captures are signed with",
  access: "principal",
  input: z.object({}),
  answer: z.object({ id: z.string(), pem: z.string() }),
  errors: ["key-exposed", "key-malformed", "key-unsuitable"],
  handle: async (call) => {
    await requireReader(call);
    const { id, pem } = readGuardKey(call.controller.ctx).key;
    return { id, pem };
  },
});

const captureInstance = defineRoute({
  method: "POST",
  path: "/api/v1/services/{environment}/{service}/instances/{instance}/capture",
  id: "captureInstance",
  summary: "Capture what can be seen of a living instance, as a signed artifact; it goes on serving",
  access: "principal",
  input: z.object({ ...place, instance }),
  answer: z.object({ repository: z.string(), artifact: z.string(), bytes: z.number() }),
  errors: ["capture-failed", "environment-unknown", "fleet-not-here", "guard-not-here", "instance-unknown"],
  handle: ({ controller, principal, input }) =>
    captureNow(controller, requireGuard(controller), { principal, ...input }),
});

const reset = defineRoute({
  method: "POST",
  path: "/api/v1/services/{environment}/{service}/breaker/reset",
  id: "resetBreaker",
  summary: "Have drift of a service frozen and replaced again, which its breaker stopped",
  access: "principal",
  input: z.object(place),
  answer: z.object(place),
  errors: ["breaker-closed", "environment-unknown", "fleet-not-here", "guard-not-here"],
  handle: async ({ controller, principal, input: of }) => {
    await resetBreaker(controller, requireGuard(controller), { principal, of });
    return of;
  },
});

export const driftRoutes: readonly AnyRoute[] = [list, show, describeGuard, key, captureInstance, reset];
