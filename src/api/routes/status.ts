import { z } from "zod";
import { tellEvent } from "../../controller/events/tell-event.ts";
import { findImage } from "../../controller/verbs/find-image.ts";
import { readHistory } from "../../controller/verbs/history.ts";
import { showStatus } from "../../controller/verbs/status.ts";
import { stateAt } from "../../controller/state-at.ts";
import { requireReader } from "../require-reader.ts";
import { defineRoute, type AnyRoute } from "../route.ts";
import { decision } from "../schemas/decision.ts";
import { recordedEvent } from "../schemas/event.ts";
import { release } from "../schemas/release.ts";
import { at, count, label } from "../schemas/words.ts";

const service = z.object({
  release,
  tags: z.array(z.string()).readonly(),
  deploy: decision,
  pull: decision,
  pullEnds: z.number().exactOptional(),
  revocations: z.array(z.object({ event: z.number(), what: z.string(), reason: z.string() })).readonly(),
  approvals: z.array(z.object({ by: z.string(), expires: z.number() })).readonly(),
  scanned: z.number().exactOptional(),
  breakGlass: z.object({ reason: z.string(), expires: z.number(), isOverdue: z.boolean() }).exactOptional(),
});

const status = defineRoute({
  method: "GET",
  path: "/api/v1/status",
  id: "showStatus",
  summary: "What runs where by the record: the current release of each service, and whether it would be permitted now",
  access: "principal",
  input: z.object({ environment: label.exactOptional(), at }),
  answer: z.object({ time: z.string(), services: z.array(service).readonly() }),
  errors: ["environment-unknown"],
  handle: async (call) => {
    await requireReader(call);
    const { controller, input } = call;
    const moment = await stateAt(controller, input.at);
    return {
      time: new Date(moment.now * 1000).toISOString(),
      services: showStatus(controller.policies, moment, input.environment),
    };
  },
});

const event = recordedEvent.extend({
  /** The same in one sentence, which may be worded otherwise by another release. */
  sentence: z.string(),
});

const history = defineRoute({
  method: "GET",
  path: "/api/v1/history",
  id: "readHistory",
  summary: "What happened, newest first; ask on with `before`, as long as an answer has it",
  access: "principal",
  input: z.object({
    service: label.exactOptional(),
    environment: label.exactOptional(),
    image: z.string().max(1000).exactOptional(),
    by: z.string().max(300).exactOptional(),
    type: z
      .string()
      .regex(/^[a-z]+(?:-[a-z]+)*(?:\.[a-z]+)?$/, { error: "expected a type such as release.created, or release" })
      .exactOptional(),
    since: at,
    at,
    before: count.exactOptional(),
    limit: z.coerce.number().int().min(1).max(500).default(50),
    /** `brief` leaves out that statements were attached, which their own events tell. */
    detail: z.enum(["all", "brief"]).default("all"),
  }),
  answer: z.object({ events: z.array(event).readonly(), before: z.number().exactOptional() }),
  errors: ["image-not-pushed", "reference-ambiguous", "reference-malformed"],
  handle: async (call) => {
    await requireReader(call);
    const { ledger } = call.controller;
    const { image, since, at: until, before, limit, detail, ...filter } = call.input;
    const page = await readHistory(
      ledger,
      {
        ...filter,
        isBrief: detail === "brief",
        ...(image === undefined
          ? {}
          : { image: /^sha256:[0-9a-f]{6,64}$/.test(image) ? image : findImage(ledger.state, image).image }),
        ...(since === undefined ? {} : { since: Date.parse(since) }),
        ...(until === undefined ? {} : { until: Date.parse(until) }),
      },
      { limit, ...(before === undefined ? {} : { before }) },
    );
    return { ...page, events: page.events.map((one) => ({ ...one, sentence: tellEvent(one) })) };
  },
});

export const statusRoutes: readonly AnyRoute[] = [status, history];
