import type { Context } from "../ground/context.ts";
import { IngotError } from "../ground/error.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { openStore, type Layout } from "../oci/layout.ts";
import { copyImage, parseTransport } from "../oci/oci.ts";
import { findInFolder, openFolder } from "../oci/places.ts";
import { formatReference } from "../oci/reference.ts";
import { findImageName } from "./find-image-name.ts";
import type { ProjectOptions } from "./open-project.ts";
import type { RegistryCommandOptions } from "./registry-options.ts";

/** An image with the layout that it, and what is attached to it, are in. `name`: how a person asked for it, without the transport. */
export type OpenedImage = { readonly layout: Layout; readonly image: Descriptor; readonly name: string };

/** An image of the store or of a layout. Throws `usage` for one of a registry. */
export async function openLocalImage(ctx: Context, text: string, options: ProjectOptions = {}): Promise<OpenedImage> {
  const place = parseTransport(text);
  if (place.kind === "registry") {
    throw new IngotError(
      "usage",
      `${text} is in a registry, and only an image of the store or of a folder can be changed`,
      {
        hint: `ingot pull ${formatReference(place.reference)}; ingot push sends the statements along`,
      },
    );
  }
  if (place.kind === "store") {
    const name = await findImageName(ctx, place.name, options);
    const layout = openStore(ctx);
    return { layout, image: layout.resolveReference(name), name };
  }
  const layout = openFolder(ctx, place.folder, { create: false });
  return { layout, image: findInFolder(layout, place.name), name: place.name ?? place.folder };
}

/** An image of the store or of a layout, without any network; or of a registry, which is pulled into the store first, as `ingot pull` does. */
export async function openAnyImage(
  ctx: Context,
  text: string,
  options: RegistryCommandOptions & ProjectOptions,
): Promise<OpenedImage> {
  const place = parseTransport(text);
  if (place.kind !== "registry") return openLocalImage(ctx, text, options);
  const name = formatReference(place.reference);
  const { image } = await copyImage(ctx, { from: place, to: { kind: "store", name } }, options);
  return { layout: openStore(ctx), image, name };
}
