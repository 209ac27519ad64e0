import { openStore } from "../oci/layout.ts";
import { layerBlobs, readImage } from "../oci/read-image.ts";
import type { LayerBlob } from "../oci/layer/layer-blob.ts";
import type { PlacedImage } from "./compare-images.ts";

/** A layer that is not the same in two images; from the lowest. A side that has no layer at that place is absent. */
export type LayerChange = { readonly title: string; readonly from?: string; readonly to?: string };

/** Which layers of two images differ, place by place. */
export function compareLayers(from: PlacedImage, to: PlacedImage): readonly LayerChange[] {
  const [before, after] = [layersOf(from), layersOf(to)];
  const places = Array.from({ length: Math.max(before.length, after.length) }, (_, at) => [before[at], after[at]]);
  return places.flatMap(([a, b]) => {
    if (a?.digest === b?.digest) return [];
    const title = (b ?? a)?.title ?? "";
    return [{ title, ...(a && { from: a.digest }), ...(b && { to: b.digest }) }];
  });
}

function layersOf({ ctx, image }: PlacedImage): readonly LayerBlob[] {
  const layout = openStore(ctx);
  const { manifest, config } = readImage(layout, layout.resolveReference(image).digest);
  return layerBlobs(manifest, config, image);
}
