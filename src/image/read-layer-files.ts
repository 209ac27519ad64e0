import type { Context } from "../ground/context.ts";
import { openLayerTar } from "../oci/layer/layer-tar.ts";
import type { Layout } from "../oci/layout.ts";
import type { LayerBlob } from "./cast-plan.ts";
import { layerIndex } from "./layer-index.ts";

/**
 * The content of some regular files of an image, as its layers leave them: the upper-most layer that has a path decides. A path that is missing,
 * removed by a whiteout or not a regular file is left out. The indexes say which layers need opening at all.
 */
export async function readLayerFiles(
  ctx: Context,
  image: { readonly layout: Layout; readonly layers: readonly LayerBlob[] },
  paths: readonly string[],
): Promise<ReadonlyMap<string, Buffer>> {
  const wanted = new Set(paths);
  const found = new Map<string, Buffer>();
  for (const layer of image.layers.toReversed()) {
    if (wanted.size === 0) break;
    const index = await layerIndex(ctx, layer);
    const here = new Set(index.map((entry) => entry.path).filter((path) => wanted.has(path)));
    if (here.size > 0) {
      using tar = await openLayerTar(image.layout, layer, { diffId: layer.diffId });
      for (const { header, offset } of tar.entries) {
        if (!here.has(header.path) || header.type !== "file") continue;
        found.set(header.path, Buffer.concat([...tar.read(offset, header.size)]));
      }
    }
    const removed = index.map((entry) => entry.path.replace(/(^|\/)\.wh\.([^/]+)$/, "$1$2"));
    for (const path of [...here, ...removed]) wanted.delete(path);
  }
  return found;
}
