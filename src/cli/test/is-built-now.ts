import type { Context } from "../../ground/context.ts";
import { findSealed } from "../../image/build-seal.ts";
import type { OpenedProject } from "../open-project.ts";

/** Whether the image in the store is known to be what a build would give now: the last build of it, or of the whole project, would have nothing to do. */
export function isBuiltNow(ctx: Context, { project, lockPath }: OpenedProject, image: string): boolean {
  const place = { home: ctx.home, definitionPath: project.path, lockPath };
  return [[], [image]].some((images) => findSealed({ ...place, images }) !== undefined);
}
