import type { DescribedImage } from "../controller/verbs/describe-image.ts";
import type { Context } from "../ground/context.ts";
import { IngotError } from "../ground/error.ts";
import { openStore } from "../oci/layout.ts";
import { formatReference, namesRegistry, parseReference, type ImageReference } from "../oci/reference.ts";
import { knownController } from "./controller-access.ts";
import { openControllerClient } from "./controller-client.ts";

/**
 * Where a person wants an image to go. Throws `usage` for a name without a registry where one is logged in to a controller: it is how that one's images are named everywhere else, and Docker's default is
 * a registry of everybody.
 */
export function parseTarget(ctx: Pick<Context, "env" | "home">, text: string): ImageReference {
  const reference = parseReference(text);
  if (namesRegistry(text)) return reference;
  const url = knownController(ctx);
  if (url === undefined) return reference;
  throw new IngotError("usage", `${text} does not say to which registry`, {
    hint: `ingot push IMAGE ${new URL(url).host}/${text} for the controller, or ${formatReference(reference)}`,
  });
}

/**
 * Where the controller that this installation is logged in to has an image of the store: by its digest, so that no tag moves. That is where statements that were signed since belong. Throws
 * `image-not-pushed` with the command for the first time, `reference-unknown`, `not-logged-in`.
 */
export async function findPushed(ctx: Context, name: string): Promise<ImageReference> {
  const { digest } = openStore(ctx).resolveReference(name);
  const client = openControllerClient(ctx);
  const registry = new URL(client.url).host;
  try {
    const { repository } = await client.get<DescribedImage>(`/api/v1/images/${encodeURIComponent(digest)}`);
    return { registry, repository, digest };
  } catch (error) {
    if (!(error instanceof IngotError) || error.code !== "image-not-pushed") throw error;
    const repository = /^[a-z0-9]+(?:[._-][a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-][a-z0-9]+)*)*$/.test(name) ? name : "NAME";
    throw new IngotError(error.code, `the registry of ${registry} does not have ${name} yet: it needs a name there`, {
      hint: `ingot push ${name} ${registry}/${repository}:TAG`,
      cause: error,
    });
  }
}
