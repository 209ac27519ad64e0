import { z } from "zod";
import { makeDossier } from "../../controller/audit/dossier.ts";
import { makeReceipt } from "../../controller/audit/receipt.ts";
import { trustedRoot } from "../../ledger/signatures/trusted-root.ts";
import { requireReader } from "../require-reader.ts";
import { defineRoute, type AnyRoute } from "../route.ts";
import { recordedEvent } from "../schemas/event.ts";
import { release } from "../schemas/release.ts";
import { count, label } from "../schemas/words.ts";

const receipt = z.object({
  format: z.literal("ingot-receipt/1"),
  event: recordedEvent,
  /** The entry's bytes. */
  entry: z.base64(),
  /** C2SP tlog-proof. */
  proof: z.string(),
  check: z.string(),
});

const prove = defineRoute({
  method: "GET",
  path: "/api/v1/audit/receipts/{index}",
  id: "proveEvent",
  summary: "A receipt for an event: its bytes, its place in the log, and the signed checkpoint, to be checked offline",
  access: "principal",
  input: z.object({ index: count }),
  answer: receipt,
  errors: ["log-entry-unknown", "log-damaged"],
  handle: async (call) => {
    await requireReader(call);
    return makeReceipt(call.controller.ledger, call.input.index);
  },
});

const dossier = defineRoute({
  method: "GET",
  path: "/api/v1/audit/releases/{environment}/{service}/{number}",
  id: "exportRelease",
  summary: "Everything about one release: what, who, when, why, on which evidence, and a receipt of each",
  access: "principal",
  input: z.object({ environment: label, service: label, number: z.coerce.number().int().min(1) }),
  answer: z.object({
    format: z.literal("ingot-dossier/1"),
    controller: z.object({ baseUrl: z.string(), logs: z.object({ events: z.string(), signatures: z.string() }) }),
    made: z.string(),
    release,
    decision: z.looseObject({ permit: z.boolean(), event: z.number() }),
    image: z.looseObject({ digest: z.string(), facts: z.looseObject({}) }),
    policy: z.looseObject({ event: z.number() }),
    statements: z.array(z.looseObject({ event: z.number() })).readonly(),
    since: z.looseObject({}),
    events: z.array(z.object({ what: z.string(), sentence: z.string(), receipt })).readonly(),
  }),
  errors: ["release-unknown", "log-damaged"],
  handle: async (call) => {
    await requireReader(call);
    return makeDossier(call.controller, call.input);
  },
});

const root = defineRoute({
  method: "GET",
  path: "/api/v1/audit/trusted-root",
  id: "readTrustedRoot",
  summary: "The trusted root with which stock cosign verifies what is in the signature log",
  access: "anonymous",
  input: z.object({}),
  answer: z.looseObject({ mediaType: z.string() }),
  errors: [],
  handle: async ({ controller: { settings, signatures, ledger } }) => {
    // The first event is that of the first start, when the key was made.
    const from = new Date(ledger.log.checkpoint().size === 0 ? 0 : ledger.event(0).time);
    const keys = [{ verifierKey: signatures.verifierKey, from }];
    return trustedRoot({ baseUrl: settings.baseUrl, keys }) as { mediaType: string };
  },
});

export const auditRoutes: readonly AnyRoute[] = [prove, dossier, root];
