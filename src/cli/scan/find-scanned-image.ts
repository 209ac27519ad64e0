import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { openStore, type Layout } from "../../oci/layout.ts";
import { isIndexType } from "../../oci/media-types.ts";
import { copyImage, parseTransport, type Transport } from "../../oci/oci.ts";
import { find, openFolder } from "../../oci/places.ts";
import { formatReference } from "../../oci/reference.ts";
import { findImageName } from "../find-image-name.ts";

export type FoundImage = {
  readonly layout: Layout;
  readonly image: Descriptor;
  /** As it is called: absent where it was asked for by digest. */
  readonly name?: string;
  /** Only there a statement can be attached and pushed later. */
  readonly isInStore: boolean;
};

/** The image that a person means: of the store, of a layout, or of a registry, from where it is pulled under the name of its reference. */
export async function findScannedImage(
  ctx: Context,
  text: string,
  options: { readonly insecure?: boolean },
): Promise<FoundImage> {
  const found = await locate(ctx, parseTransport(text), options);
  if (!isIndexType(found.image.mediaType)) return found;
  throw new IngotError("image-unknown", `${text} is a list of images for several platforms, and each differs`, {
    hint: "name one by its digest",
  });
}

async function locate(ctx: Context, place: Transport, options: { readonly insecure?: boolean }): Promise<FoundImage> {
  switch (place.kind) {
    case "layout": {
      const layout = openFolder(ctx, place.folder, { create: false });
      const name = place.name ?? undefined;
      return { layout, image: find(layout, name), ...named(name), isInStore: false };
    }
    case "store": {
      const layout = openStore(ctx);
      const name = await findImageName(ctx, place.name);
      const image = layout.resolveReference(name);
      // Digits of a digest are no name.
      const isName = layout.listReferences().some((entry) => entry.name === name);
      return { layout, image, ...named(isName ? name : undefined), isInStore: true };
    }
    case "registry": {
      const name = formatReference(place.reference);
      const { digest } = await copyImage(ctx, { from: place, to: { kind: "store", name } }, options);
      const layout = openStore(ctx);
      return { layout, image: layout.resolveReference(digest), name, isInStore: true };
    }
  }
}

function named(name: string | undefined): { readonly name?: string } {
  return name === undefined ? {} : { name };
}
