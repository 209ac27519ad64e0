import type { TestMirror } from "../../test/support/test-mirror.ts";
import type { Context } from "../ground/context.ts";
import type { ImageDefinition } from "../project/definition.ts";
import { projectOf } from "./image.fixture.ts";
import { lockProject, type LockRequest, type LockResult } from "./lock-project.ts";

export type LockImagesOptions = Partial<Omit<LockRequest, "project">> & { readonly ctx?: Context };

/** Locks a project of these images from the mirror: for the first time, with a home of its own, unless the options say otherwise. */
export function lockImages(
  { archive, contextOf }: TestMirror,
  images: readonly ImageDefinition[],
  { ctx, ...request }: LockImagesOptions = {},
): Promise<LockResult> {
  const project = projectOf(images, { keyring: archive.keyring });
  return lockProject(ctx ?? contextOf(), { project, former: undefined, update: [], ...request });
}

/** Package → version, of one image of a lock. */
export function versionsOf({ lock: { images } }: LockResult, image = "web"): Readonly<Record<string, string>> {
  return Object.fromEntries(images[image]?.packages.map(({ name, version }) => [name, version]) ?? []);
}
