import { z } from "zod";
import type { Controller } from "../../controller/controller.ts";
import { IngotError } from "../../ground/error.ts";
import { readVersion } from "../../ground/version.ts";
import { streamEvents } from "../events/event-stream.ts";
import { requireReader } from "../require-reader.ts";
import { defineRoute, type AnyRoute } from "../route.ts";
import { count } from "../schemas/words.ts";

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
    from: count.optional(),
    types: z.string().max(1000).optional(),
  }),
  answer: z.unknown(),
  errors: [],
  handle: async ({ controller, principal, input, signal, header, recheck }) => {
    await requireReader({ controller, principal });
    let permitted = principal;
    return streamEvents(controller.ledger, {
      from: firstWanted(controller, { seen: header("Last-Event-ID"), from: input.from }),
      types: input.types?.split(",").filter((type) => type !== "") ?? [],
      signal,
      recheck: async () => {
        const now = await recheck();
        // The same object as long as nothing changed that it rests on.
        if (now === permitted) return;
        await requireReader({ controller, principal: now });
        permitted = now;
      },
    });
  },
});

/** The HTML standard, section 9.2.3: a client that was cut off says what it saw last. Throws `request-malformed`. */
function firstWanted(
  { ledger }: Controller,
  { seen, from }: { readonly seen: string | undefined; readonly from: number | undefined },
): number {
  const { size } = ledger.log.checkpoint();
  const first = seen !== undefined && /^\d{1,15}$/.test(seen) ? Number(seen) + 1 : (from ?? size);
  if (first <= size) return first;
  // Of another controller, or of this one before it was put back to an older copy: to wait for that number would pass over what comes until then.
  throw new IngotError("request-malformed", `there is no event #${first - 1} yet: the ledger has ${size}`, {
    hint: "read it anew, without Last-Event-ID: ingot history",
  });
}

export const controllerRoutes: readonly AnyRoute[] = [about, events];
