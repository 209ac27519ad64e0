import type { Context } from "../ground/context.ts";
import { IngotError } from "../ground/error.ts";
import { isImageName } from "../project/names.ts";
import { openStore } from "../oci/layout.ts";
import { inProjectIfAny, openProject, type ProjectOptions } from "./open-project.ts";

/**
 * What a person means by an image's name: inside of a project `web` is the project's own image, `shop/web` in the store, as it is for `ingot build web`.
 * Everything else is left as it is: full names, digests, and names outside of a project. Throws `reference-unknown` for one that was not built yet.
 */
export async function findImageName(ctx: Context, text: string, options: ProjectOptions = {}): Promise<string> {
  if (!isImageName(text)) return text;
  const project = (await inProjectIfAny(options, () => openProject(ctx, options)))?.project;
  if (!project?.images.has(text)) return text;
  const name = `${project.name}/${text}`;
  const isStored = openStore(ctx)
    .listReferences()
    .some((one) => one.name === name);
  if (isStored) return name;
  throw new IngotError("reference-unknown", `the store has no image "${name}": it was not built here yet`, {
    hint: `ingot build ${text}, or where it was built elsewhere: ingot pull REGISTRY/NAME:TAG ${name}`,
  });
}
