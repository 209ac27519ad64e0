import type { Digest } from "../oci/digest.ts";
import type { Layout } from "../oci/layout.ts";
import { isIndexType } from "../oci/media-types.ts";
import { readImage } from "../oci/read-image.ts";

export type ListedImage = {
  readonly name: string;
  readonly digest: Digest;
  readonly layers: number;
  /** Compressed bytes of all layers. */
  readonly size: number;
  /** RFC 3339, from the image itself. */
  readonly created?: string;
};

/** Every named image of a store, by name; an index of several platforms is listed by its digest alone. */
export function listImages(layout: Layout): readonly ListedImage[] {
  return layout.listReferences().map(({ name, descriptor }) => {
    if (isIndexType(descriptor.mediaType)) return { name, digest: descriptor.digest, layers: 0, size: 0 };
    const { manifest, config } = readImage(layout, descriptor.digest);
    return {
      name,
      digest: descriptor.digest,
      layers: manifest.layers.length,
      size: manifest.layers.reduce((sum, layer) => sum + layer.size, 0),
      ...(config.created === undefined ? {} : { created: config.created }),
    };
  });
}
