import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import { nearestWord } from "../../ground/nearest-word.ts";
import { openStore } from "../../oci/layout.ts";
import type { Project } from "../../project/definition.ts";
import { findImage } from "../../runtime/find-image.ts";
import type { CheckedImage } from "./check-image.ts";

/**
 * The image of the store that a person wants to be tested, with the tests that the project has for it: `web`, `shop/web`, or a digest or its first digits, by which denials of the controller
 * name it. Throws `image-unknown` for one that the project does not define, that was not built, or that is not the store's newest of the project.
 */
export function findTestable(ctx: Context, project: Project, text: string): CheckedImage {
  const images = listImages(ctx, project);
  const prefix = /^(?:sha256:)?([0-9a-f]{6,64})$/.exec(text)?.[1];
  const found =
    images.find(({ short, name }) => text === short || text === name) ??
    (prefix === undefined ? undefined : images.find(({ stored }) => stored?.startsWith(`sha256:${prefix}`)));
  if (found === undefined) throw prefix === undefined ? notDefined(project, text) : notTheNewest(text, images);
  const { definition, short, name, stored } = found;
  if (stored !== undefined) return { definition, name, digest: findImage(ctx, name).digest };
  throw new IngotError("image-unknown", `the image "${short}" has not been built`, {
    hint: `ingot build ${short}, or where it was built elsewhere: ingot pull REGISTRY/NAME:TAG ${name}`,
  });
}

/** An image of the project. `name`: in the store, where it has the digest `stored` once it was built. */
type ProjectImage = Pick<CheckedImage, "definition" | "name"> & {
  readonly short: string;
  readonly stored: string | undefined;
};

function listImages(ctx: Context, project: Project): readonly ProjectImage[] {
  const stored = new Map(
    openStore(ctx)
      .listReferences()
      .map(({ name, descriptor }) => [name, descriptor.digest]),
  );
  return [...project.images].map(([short, definition]) => {
    const name = `${project.name}/${short}`;
    return { short, definition, name, stored: stored.get(name) };
  });
}

function notDefined({ path, images }: Project, text: string): IngotError {
  const near = nearestWord(text, [...images.keys()]);
  const meant = near === undefined ? "" : `; did you mean ${near}?`;
  return new IngotError("image-unknown", `${path} defines no image "${text}"${meant}`, {
    details: [`it defines: ${[...images.keys()].join(", ")}`],
    hint: "ingot test tests what ingot.yaml defines",
  });
}

/** The tests are the definition's, and hold for what was built from it. */
function notTheNewest(text: string, images: readonly ProjectImage[]): IngotError {
  return new IngotError("image-unknown", `no image of the project has the digest ${text} in the store here`, {
    details: images.map(({ name, stored }) => `${name}: ${stored ?? "not built here"}`),
    hint: "ingot build, with the project as it was when that image was built; or bring it: ingot pull REGISTRY/NAME:TAG PROJECT/IMAGE",
  });
}
