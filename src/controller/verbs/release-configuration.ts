import type { z } from "zod";
import { IngotError } from "../../ground/error.ts";
import { serviceSchema } from "../../project/service-schema.ts";
import type { Release } from "../state/releases.ts";

/** The image is the release's own; what is left is how it runs. */
const schema = serviceSchema.omit({ image: true });

/** What a client sent as configuration, held to what `services:` of ingot.yaml may say, defaults filled in, so that it is whole when it is rolled out. Throws `request-malformed`. */
export function parseConfiguration(sent: unknown): Release["configuration"] {
  const parsed = schema.safeParse(sent);
  if (parsed.success) return assertFits(assertWhole(parsed.data));
  const mistakes = parsed.error.issues.map(
    ({ path, message }) => `configuration${path.map((part) => `.${String(part)}`).join("")}: expected ${message}`,
  );
  throw new IngotError("request-malformed", `the configuration is malformed: ${mistakes[0]}`, {
    details: mistakes.slice(1, 20),
    hint: "it is an entry of services: of ingot.yaml; `ingot schema` prints what that may say",
  });
}

/** A path names a file of somebody else's machine, and of this one what only the controller may read. */
function assertWhole(configuration: z.output<typeof schema>): Release["configuration"] {
  const path = Object.entries(configuration.files).find(
    ([, file]) => typeof file === "string" || file.content === undefined || file.source !== undefined,
  );
  if (path === undefined) return configuration;
  throw new IngotError(
    "request-malformed",
    `the configuration's file ${path[0]} is given by a path; a release holds its content`,
    { hint: "`ingot deploy` reads the files of ingot.yaml; by the API send {content: …}" },
  );
}

/** Bytes of JSON: a release is one event. */
const mostBytes = 48_000;

function assertFits(configuration: Release["configuration"]): Release["configuration"] {
  const size = Buffer.byteLength(JSON.stringify(configuration));
  if (size <= mostBytes) return configuration;
  throw new IngotError(
    "request-malformed",
    `the configuration has ${size} bytes as JSON, and at most ${mostBytes} fit`,
    {
      hint: "put what is large into the image: files: of ingot.yaml",
    },
  );
}
