import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { storeFolder, type Layout } from "../../oci/layout.ts";
import { isIndexType } from "../../oci/media-types.ts";
import { openAnyImage } from "../open-image.ts";
import type { ProjectOptions } from "../open-project.ts";
import type { RegistryCommandOptions } from "../registry-options.ts";

export type FoundImage = {
  readonly layout: Layout;
  readonly image: Descriptor;
  /** As it is called: absent where it was asked for by digest, or as the only image of a folder. */
  readonly name?: string;
  /** Other people's layouts are read, never written. */
  readonly isInStore: boolean;
};

/** The image that a person means: of the store, of a layout, or of a registry, from where it is pulled under the name of its reference. */
export async function findScannedImage(
  ctx: Context,
  text: string,
  options: RegistryCommandOptions & ProjectOptions,
): Promise<FoundImage> {
  const { layout, image, name } = await openAnyImage(ctx, text, options);
  if (isIndexType(image.mediaType)) {
    throw new IngotError("image-unknown", `${text} is a list of images for several platforms, and each differs`, {
      hint: "name one by its digest",
    });
  }
  const isName = layout.listReferences().some((entry) => entry.name === name);
  return { layout, image, ...(isName ? { name } : {}), isInStore: layout.folder === storeFolder(ctx) };
}
