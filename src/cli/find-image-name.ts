import type { Context } from "../ground/context.ts";
import { IngotError } from "../ground/error.ts";
import { isImageName } from "../project/names.ts";
import { openProject } from "./open-project.ts";

/**
 * What a person means by an image's name: inside of a project `web` is the project's own image, `shop/web` in the store, as it is for `ingot build web`.
 * Everything else is left as it is: full names, digests, and names outside of a project.
 */
export async function findImageName(ctx: Context, text: string): Promise<string> {
  if (!isImageName(text)) return text;
  try {
    const { project } = await openProject(ctx, {});
    return project.images.has(text) ? `${project.name}/${text}` : text;
  } catch (error) {
    if (error instanceof IngotError && error.code === "definition-missing") return text;
    throw error;
  }
}
