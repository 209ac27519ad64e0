import { join } from "node:path";
import type { Context } from "../ground/context.ts";
import { IngotError } from "../ground/error.ts";
import { withFileLock } from "../ground/file-lock.ts";
import { present } from "../ground/present.ts";
import { openStore, type Layout } from "../oci/layout.ts";
import type { ImageDefinition, Project } from "../project/definition.ts";
import { openBaseImage, type BaseImage } from "./base-image.ts";
import { pullBase } from "./pull-base.ts";
import { openBuildCache } from "./build-cache.ts";
import { buildImage, type BuiltImage } from "./build-image.ts";
import type { ImageLock, Lock } from "./lock.ts";
import { requestKey } from "./plan-image-lock.ts";

export type BuildOptions = {
  /** Which images; all of the project by default. Their bases are built too. */
  readonly images: readonly string[];
  readonly useCache: boolean;
};

/** How long a build waits for another one on the same home before it gives up, in milliseconds. */
const patience = 15 * 60 * 1000;

/**
 * Builds images of a project into the store of `$INGOT_HOME`, bases first, and returns them in the order asked for. One build at a time uses
 * a home: a second one waits. Throws `image-unknown`, `lock-missing`, `lock-stale`, and whatever fetching and casting throw; the store then
 * holds what it held before, and steps that were finished are kept for the next try.
 */
export async function buildProject(
  ctx: Context,
  { project, lock }: { readonly project: Project; readonly lock: Lock },
  options: BuildOptions,
): Promise<readonly BuiltImage[]> {
  const names = options.images.length > 0 ? options.images : [...project.images.keys()];
  const wanted = names.map((name) => findDefinition(project, name));
  for (const definition of wanted.flatMap((item) => withBases(project, item))) findImageLock(lock, definition);
  return withFileLock(
    join(ctx.home, "build.lock"),
    async () => {
      const layout = openStore(ctx);
      const cache = openBuildCache(ctx.home, (digest) => layout.hasBlob(digest));
      const built = new Map<string, BuiltImage>();
      for (const definition of wanted.flatMap((item) => withBases(project, item))) {
        if (built.has(definition.name)) continue;
        const imageLock = findImageLock(lock, definition);
        const base = await resolveBase(ctx, { imageLock, layout, built });
        const input = { project, definition, lock: imageLock, base, layout, cache, useCache: options.useCache };
        const below = imageLock.base.kind === "image" ? built.get(imageLock.base.name) : undefined;
        built.set(definition.name, { ...(await buildImage(ctx, input)), ...(below && { below }) });
      }
      return wanted.map(({ name }) => present(built.get(name), `the built image "${name}"`));
    },
    { wait: patience, what: `the store in ${ctx.home}`, ctx },
  );
}

function findDefinition(project: Project, name: string): ImageDefinition {
  const definition = project.images.get(name);
  if (definition) return definition;
  throw new IngotError("image-unknown", `${project.path} defines no image "${name}"`, {
    details: [`it defines: ${[...project.images.keys()].join(", ")}`],
  });
}

/** A definition with the images of the project that it stands on, lowest first. The project has been checked for circles. */
function withBases(project: Project, definition: ImageDefinition): readonly ImageDefinition[] {
  if (definition.base.kind !== "image") return [definition];
  return [...withBases(project, findDefinition(project, definition.base.name)), definition];
}

/** The image's entry of the lock. Throws `lock-missing` and `lock-stale`. */
function findImageLock(lock: Lock, definition: ImageDefinition): ImageLock {
  const imageLock = Object.hasOwn(lock.images, definition.name) ? lock.images[definition.name] : undefined;
  if (!imageLock) {
    throw new IngotError("lock-missing", `ingot.lock has no entry for the image "${definition.name}"`, {
      hint: "ingot lock",
    });
  }
  if (imageLock.request !== requestKey(definition)) {
    throw new IngotError(
      "lock-stale",
      `the base, packages or recommends of the image "${definition.name}" changed since ingot.lock was written`,
      { hint: "ingot lock, then look at the difference with: git diff ingot.lock" },
    );
  }
  return imageLock;
}

type BaseInput = {
  readonly imageLock: ImageLock;
  readonly layout: Layout;
  readonly built: ReadonlyMap<string, BuiltImage>;
};

async function resolveBase(ctx: Context, input: BaseInput): Promise<BaseImage | undefined> {
  const { base } = input.imageLock;
  switch (base.kind) {
    case "debian":
      return undefined;
    case "image":
      return openBase(ctx, input, base.name);
    case "oci":
      await pullBase(ctx, input.layout, base);
      return openBaseImage(ctx, input.layout, { name: base.reference, digest: base.digest });
  }
}

function openBase(ctx: Context, input: BaseInput, name: string): Promise<BaseImage> {
  const { reference, digest } = present(input.built.get(name), `the built image "${name}"`);
  return openBaseImage(ctx, input.layout, { name: reference, digest });
}
