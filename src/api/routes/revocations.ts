import { z } from "zod";
import type { RevokedSubject } from "../../controller/events/revocation-events.ts";
import { stateAt } from "../../controller/state-at.ts";
import { imagesOf, listRevocations } from "../../controller/state/revocations.ts";
import { findImage } from "../../controller/verbs/find-image.ts";
import { findKeyId } from "../../controller/verbs/find-key.ts";
import { revoke } from "../../controller/verbs/revoke.ts";
import type { Database } from "../../ledger/projection/database.ts";
import { isDigest } from "../../oci/digest.ts";
import { requireReader } from "../require-reader.ts";
import { defineRoute, type AnyRoute } from "../route.ts";
import { at, reason } from "../schemas/words.ts";

const word = z.string().min(1).max(300);

const wanted = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("image"), image: z.string().max(1000) }),
  z.strictObject({ kind: z.literal("package"), ecosystem: word, name: word, version: word }),
  z.strictObject({ kind: z.literal("key"), id: word }),
]);

const subject = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("image"), digest: z.string() }),
  z.object({ kind: z.literal("package"), ecosystem: z.string(), name: z.string(), version: z.string() }),
  z.object({ kind: z.literal("key"), id: z.string() }),
]);

const release = z.object({
  environment: z.string(),
  service: z.string(),
  number: z.number(),
  isCurrent: z.boolean(),
});

const image = z.object({
  digest: z.string(),
  how: z.string(),
  parent: z.string().exactOptional(),
  names: z.array(z.string()).readonly(),
  releases: z.array(release).readonly(),
});

const make = defineRoute({
  method: "POST",
  path: "/api/v1/revocations",
  id: "revoke",
  summary: "Revoke an image, a version of a package or a key, with everything that it reaches",
  access: "principal",
  input: z.object({ subject: wanted, reason, dryRun: z.boolean().default(false) }),
  answer: z.object({
    subject,
    reason: z.string(),
    event: z.number().exactOptional(),
    images: z.array(image).readonly(),
    unknown: z.array(z.string()).readonly(),
    losing: z.array(z.object({ digest: z.string(), kinds: z.array(z.string()).readonly() })).readonly(),
  }),
  errors: [
    "image-not-pushed",
    "key-unregistered",
    "reference-ambiguous",
    "reference-malformed",
    "revocation-unfounded",
  ],
  handle: async ({ controller, principal, input }) =>
    revoke(controller, principal, { ...input, subject: toSubject(controller.ledger.state, input.subject) }),
});

const list = defineRoute({
  method: "GET",
  path: "/api/v1/revocations",
  id: "listRevocations",
  summary: "What is revoked, and the images that each revocation reaches by now",
  access: "principal",
  input: z.object({ at }),
  answer: z.object({
    revocations: z
      .array(
        z.object({
          event: z.number(),
          madeBy: z.string(),
          subject,
          reason: z.string(),
          images: z
            .array(z.object({ digest: z.string(), how: z.string(), parent: z.string().exactOptional() }))
            .readonly(),
        }),
      )
      .readonly(),
  }),
  errors: [],
  handle: async ({ controller, principal, input }) => {
    await requireReader({ controller, principal });
    const { state } = await stateAt(controller, input.at);
    return {
      revocations: listRevocations(state).map((one) => ({
        ...one,
        images: imagesOf(state, one.event),
      })),
    };
  },
});

export const revocationRoutes: readonly AnyRoute[] = [make, list];

/** A digest may be revoked before anybody pushes it; any other name must be one of the registry. */
function toSubject(state: Database, sent: z.infer<typeof wanted>): RevokedSubject {
  switch (sent.kind) {
    case "image":
      return { kind: "image", digest: isDigest(sent.image) ? sent.image : findImage(state, sent.image).image };
    case "package":
      return sent;
    case "key":
      return { kind: "key", id: findKeyId(state, sent.id) };
  }
}
