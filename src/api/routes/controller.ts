import { z } from "zod";
import { requirePermit } from "../../controller/verbs/require-permit.ts";
import { readVersion } from "../../ground/version.ts";
import { streamEvents } from "../events/event-stream.ts";
import { defineRoute, type AnyRoute } from "../route.ts";

const about = defineRoute({
  method: "GET",
  path: "/api/v1/controller",
  id: "describeController",
  summary: "What this controller is: its version, its address, and the keys that its logs are checked with",
  access: "anonymous",
  input: z.object({}),
  answer: z.object({
    version: z.string(),
    baseUrl: z.string(),
    logs: z.object({ events: z.string(), signatures: z.string() }),
  }),
  errors: [],
  handle: async ({ controller: { settings, ledger, signatures } }) => ({
    version: readVersion(),
    baseUrl: settings.baseUrl,
    logs: { events: ledger.log.verifierKey, signatures: signatures.verifierKey },
  }),
});

const events = defineRoute({
  method: "GET",
  path: "/api/v1/events",
  id: "streamEvents",
  summary: "Everything that happens, as server-sent events; the id of each is its number in the ledger",
  access: "principal",
  stream: true,
  input: z.object({
    from: z.coerce.number().int().min(0).optional(),
    types: z.string().max(1000).optional(),
  }),
  answer: z.unknown(),
  errors: [],
  handle: async ({ controller, principal, input, signal, header }) => {
    await requirePermit(controller, { principal, action: "audit", resource: { kind: "controller" } });
    // The HTML standard, section 9.2.3: a client that was cut off says what it saw last.
    const seen = Number(header("Last-Event-ID") ?? Number.NaN);
    const from = Number.isSafeInteger(seen) ? seen + 1 : input.from;
    return streamEvents(controller.ledger, {
      ...(from === undefined ? {} : { from }),
      types: input.types?.split(",").filter((type) => type !== "") ?? [],
      signal,
    });
  },
});

export const controllerRoutes: readonly AnyRoute[] = [about, events];
